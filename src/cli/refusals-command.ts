import { Option, type Command } from "commander";
import { refusalCatalogue, type CatalogueEntry } from "../kernel/refusal-catalogue.ts";
import { print } from "./terminal-text.ts";

export type Language = "en" | "pt";

/** The option that chooses the language of the texts. */
export function languageOption(): Option {
  return new Option("--lang <language>", "language of the explanations").choices(["pt", "en"]).default("en");
}

/** Adds `porteiro refusals`: every code with which the server refuses, what it means and how to mend it. */
export function registerRefusalsCommand(program: Command): void {
  program
    .command("refusals")
    .description("print every code with which the server refuses, what it means and how to mend it")
    .addOption(languageOption())
    .option("--json", "print it as one JSON document, in both languages")
    .action(({ lang, json }: { lang: Language; json?: true }) =>
      print(json ? `${JSON.stringify(refusalCatalogue, undefined, 2)}\n` : Object.entries(refusalCatalogue).map(([code, entry]) => described(code, entry, lang)).join("\n")),
    );
}

function described(code: string, { status, error, clause, ...texts }: CatalogueEntry, lang: Language): string {
  const { what, mend } = texts[lang];
  return `${code}  (${status} ${error}; ${clause})\n  ${what}\n  ${mend}\n`;
}
