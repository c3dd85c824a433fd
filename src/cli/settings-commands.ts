import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { SettingsError } from "../settings/load-settings.ts";
import { settingsDocument, withFirstSettings } from "../settings/settings-documentation.ts";
import { print } from "./terminal-text.ts";

/** Adds `porteiro settings check|document`. */
export function registerSettingsCommands(program: Command, root: string): void {
  const settings = program.command("settings").description("the settings: config/, and the environment over it");
  settings
    .command("check")
    .description("tell whether the server would start with the settings and the files that they name, or everything that is wrong with them; the store is not opened")
    .addHelpText("after", "\nExample: PORTEIRO_PROFILE=production porteiro settings check")
    .action(() => check(root));
  settings
    .command("document")
    .description("write config/README.md, and the table of README.md, from the definition of the settings")
    .action(() => document(root));
}

async function check(root: string): Promise<void> {
  const { checkedSettings } = await import("../composition/check-settings.ts");
  try {
    const { profile } = await checkedSettings({ root, environment: process.env });
    await print(`settings are usable (profile ${profile})\n`);
  } catch (error) {
    if (!(error instanceof SettingsError)) {
      throw error;
    }
    await print(`${error.message}\n`);
    process.exitCode = 1;
  }
}

async function document(root: string): Promise<void> {
  await renew(root, "config/README.md", settingsDocument);
  await renew(root, "README.md", withFirstSettings);
}

async function renew(root: string, name: string, textFrom: (before: string) => string): Promise<void> {
  const file = join(root, name);
  const before = await readFile(file, "utf8").catch(() => "");
  const text = textFrom(before);
  if (before !== text) {
    await writeFile(file, text);
  }
  await print(before === text ? `${name} is up to date\n` : `${name} is written\n`);
}
