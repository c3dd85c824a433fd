import { z } from "zod";
import { dataRefusal } from "./data-refusals.ts";
import { toSecond, type Links } from "./envelope.ts";

const greatestInt32 = 2_147_483_647;
const greatestPageSize = 1000;

const wholeNumber = z
  .string()
  .regex(/^\d{1,10}$/)
  .transform(Number)
  .pipe(z.int().min(1).max(greatestInt32));

/** The query of every list. */
export const pageQuery = z.object({
  page: wholeNumber.default(1).describe(`um número inteiro de 1 a ${greatestInt32}`),
  // More is of the right form, but refused with a status of its own.
  "page-size": wholeNumber.default(25).meta({ maximum: greatestPageSize }).describe(`um número inteiro de 1 a ${greatestPageSize}`),
  // Calls are not counted by the month here, so that nothing depends on it.
  "pagination-key": z.string().max(2048).optional().describe("um texto de até 2048 caracteres"),
});

/** The same where the contract counts every smaller page as one of so many records. */
export function pageQueryFrom(least: number) {
  const pageSize = z
    .string()
    .regex(/^-?\d{1,10}$/)
    .transform((text) => Math.max(Number(text), least))
    .pipe(z.int().min(least).max(greatestInt32));
  return pageQuery.extend({
    "page-size": pageSize
      .default(least)
      .meta({ maximum: greatestPageSize })
      .describe(`um número inteiro até ${greatestPageSize}; menos de ${least} conta como ${least}`),
  });
}

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly number: number;
  readonly size: number;
  readonly totalRecords: number;
  readonly totalPages: number;
}

/**
 * Cuts a page out of a list. One beyond the last page is empty.
 * @throws ApiRefusal PAGINACAO_NAO_PERMITIDA for more than 1000 records a page.
 */
export function takePage<Item>(all: readonly Item[], query: z.output<typeof pageQuery>): Page<Item> {
  const size = query["page-size"];
  if (size > greatestPageSize) {
    throw dataRefusal("PAGINACAO_NAO_PERMITIDA", `O parâmetro page-size vai até ${greatestPageSize}; veio ${size}.`);
  }
  const start = (query.page - 1) * size;
  return {
    items: all.slice(start, start + size),
    number: query.page,
    size,
    totalRecords: all.length,
    totalPages: Math.ceil(all.length / size),
  };
}

/** Where an answer lies, for its links: URLs come from settings, never from the Host header. */
export interface Place {
  /** The resource's URL without query. */
  readonly url: string;
  /** The query parameters that the call brought. */
  readonly sent: Readonly<Record<string, string>>;
}

/** Only `self`: the link of an answer that is no list. */
export function selfLink({ url, sent }: Place): Links {
  return { self: withQuery(url, sent) };
}

/**
 * `first` and `prev` from the second page on, `next` and `last` up to the one before the last.
 * @param assumed what the call left open and the list was made for, such as today: its other pages are of the same.
 */
export function pageLinks(place: Place, page: Page<unknown>, assumed: Readonly<Record<string, string>> = {}): Links {
  const { number, size, totalPages } = page;
  const { page: _, "page-size": __, ...filters } = place.sent;
  const at = (wanted: number) => withQuery(place.url, { ...assumed, ...filters, page: String(wanted), "page-size": String(size) });
  return {
    ...selfLink(place),
    ...(number > 1 && { first: at(1), prev: at(Math.min(number - 1, Math.max(totalPages, 1))) }),
    ...(number < totalPages && { next: at(number + 1), last: at(totalPages) }),
  };
}

/** The same for a list whose end is not told. */
export function pageLinksWithoutLast(...list: Parameters<typeof pageLinks>): Omit<Links, "last"> {
  const { last: _, ...links } = pageLinks(...list);
  return links;
}

function withQuery(url: string, sent: Readonly<Record<string, string>>): string {
  const { "pagination-key": _, ...query } = sent;
  const text = new URLSearchParams(query).toString();
  return text === "" ? url : `${url}?${text}`;
}

export function instantMeta(now: number) {
  return { requestDateTime: toSecond(now) };
}

export function totalsMeta(now: number, { totalRecords, totalPages }: { totalRecords: number; totalPages: number }) {
  return { totalRecords, totalPages, ...instantMeta(now) };
}

/** The totals of an answer that holds one thing. */
export const oneRecord = { totalRecords: 1, totalPages: 1 };
