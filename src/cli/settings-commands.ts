import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { SettingsError } from "../settings/load-settings.ts";
import { settingsDocument } from "../settings/settings-documentation.ts";
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
    .description("write config/README.md from the definition of the settings")
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
  const file = join(root, "config/README.md");
  const text = settingsDocument();
  const before = await readFile(file, "utf8").catch(() => undefined);
  if (before !== text) {
    await writeFile(file, text);
  }
  await print(before === text ? "config/README.md is up to date\n" : "config/README.md is written\n");
}
