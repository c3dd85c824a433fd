import type { Language } from "./language.ts";
import { en } from "./texts-en.ts";
import { pt } from "./texts-pt.ts";

export type Texts = typeof pt;

/** Every word on the pages, by language. */
export const texts: Readonly<Record<Language, Texts>> = { pt, en };
