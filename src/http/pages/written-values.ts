import { html, type Html } from "./html.ts";
import { languageTags, type Language } from "./language.ts";
import { texts } from "./texts.ts";

/** A moment as customers in Brazil read it. @param at milliseconds since the epoch, or ISO 8601 */
export function writtenMoment(at: number | string, language: Language): string {
  const format = new Intl.DateTimeFormat(languageTags[language], { dateStyle: "long", timeStyle: "short", timeZone: "America/Sao_Paulo" });
  return `${format.format(new Date(at))} ${texts[language].brasiliaTime}`;
}

/** A day as customers in Brazil read it. @param at milliseconds since the epoch, or ISO 8601 */
export function writtenDay(at: number | string, language: Language): string {
  return new Intl.DateTimeFormat(languageTags[language], { dateStyle: "long", timeZone: "America/Sao_Paulo" }).format(new Date(at));
}

/** The CPF with all but its middle hidden: enough for its owner to know it again. @param cpf 11 digits */
export function maskedCpf(cpf: string): string {
  return `•••.${cpf.slice(3, 6)}.${cpf.slice(6, 9)}-••`;
}

/** @param cnpj 14 characters */
export function writtenCnpj(cnpj: string): string {
  return cnpj.replace(/^(.{2})(.{3})(.{3})(.{4})(.{2})$/, "$1.$2.$3/$4-$5");
}

/** One row of a list of facts. */
export function fact(label: string, value: string | Html): Html {
  return html`<div><dt>${label}</dt><dd>${typeof value === "string" ? html`<bdi>${value}</bdi>` : value}</dd></div>`;
}
