export type Language = "pt" | "en";

/** The `lang` attribute and Content-Language of each. */
export const languageTags: Readonly<Record<Language, string>> = { pt: "pt-BR", en: "en" };

export interface LanguageWishes {
  /** The `lang` parameter: the customer has just switched. */
  readonly parameter?: string | undefined;
  /** The cookie that remembers an earlier switch. */
  readonly cookie?: string | undefined;
  /** `ui_locales` of the authorization request: BCP 47 tags parted by blanks, best first (OIDC Core 3.1.2.1). */
  readonly uiLocales?: string | undefined;
  /** Accept-Language as koa's `ctx.acceptsLanguages()` orders it, best first. */
  readonly accepted?: readonly string[] | undefined;
}

/** The first wish that we can meet, the customer's own before the TPP's; Portuguese when there is none. */
export function chooseLanguage(wishes: LanguageWishes): Language {
  const tags = [wishes.parameter, wishes.cookie, ...(wishes.uiLocales ?? "").split(" "), ...(wishes.accepted ?? [])];
  return tags.map(languageOf).find((language) => language !== undefined) ?? "pt";
}

function languageOf(tag: string | undefined): Language | undefined {
  const primary = /^([a-z]{2})(?:[-_][a-z0-9_-]{1,20})?$/i.exec(tag ?? "")?.[1]?.toLowerCase();
  return primary === "pt" || primary === "en" ? primary : undefined;
}
