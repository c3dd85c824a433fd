import { z } from "zod";

/** An instant to the second in UTC, as these contracts write it. */
export function toSecond(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

export const instantSchema = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)
  .describe("UTC, to the second");

const link = z.url().max(2000);

export const linksSchema = z.object({
  self: link,
  first: link.optional(),
  prev: link.optional(),
  next: link.optional(),
  last: link.optional(),
});

/** Lists whose end is not told: transactions. */
export const linksWithoutLastSchema = linksSchema.omit({ last: true });

export const metaInstantSchema = z.object({ requestDateTime: instantSchema });

export const metaTotalsSchema = metaInstantSchema.extend({ totalRecords: z.int().min(0), totalPages: z.int().min(0) });

export const errorSchema = z.object({
  errors: z
    .array(z.object({ code: z.string().max(255), title: z.string().max(255), detail: z.string().max(2048) }))
    .min(1)
    .max(13),
  meta: z.union([metaTotalsSchema, metaInstantSchema]),
});

export type Links = z.infer<typeof linksSchema>;

export const moneySchema = z.object({
  amount: z.string().regex(/^\d{1,15}\.\d{2,4}$/),
  currency: z.string().regex(/^[A-Z]{3}$/),
});

export const signedMoneySchema = moneySchema.extend({ amount: z.string().regex(/^-?\d{1,15}\.\d{2,4}$/) });

/** Centavos of BRL as these contracts write money. */
export function reais(centavos: number): z.infer<typeof moneySchema> {
  return { amount: (centavos / 100).toFixed(2), currency: "BRL" };
}
