const markup = Symbol("markup");

/** Markup that only the `html` template makes: every value in it was escaped. */
export interface Html {
  readonly [markup]: string;
}

/** What may stand in a template: text and numbers are escaped, markup is taken over, nothing and `false` are left out. */
export type HtmlValue = string | number | Html | readonly Html[] | undefined | false;

/** The one way to make markup. Values stand between tags or within quoted attributes, nowhere else. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const text = parts.map((part, at) => part + (at < values.length ? rendered(values[at]) : "")).join("");
  return { [markup]: text };
}

/** The text of a page, to be sent as `text/html; charset=utf-8`. */
export function toText(page: Html): string {
  return page[markup];
}

function rendered(value: HtmlValue): string {
  if (value === undefined || value === false) return "";
  if (typeof value === "string" || typeof value === "number") return escaped(String(value));
  return markup in value ? value[markup] : value.map((one) => one[markup]).join("");
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "`": "&#96;" };

/** Control characters break markup or terminals, and those that turn the direction of writing let a name pose as another. */
const deceptive = /(?![\t\n\r])\p{Cc}|\p{Bidi_Control}|\ufeff/gu;

function escaped(text: string): string {
  return text.replace(deceptive, "\ufffd").replace(/[&<>"'`]/g, (character) => entities[character] ?? "");
}
