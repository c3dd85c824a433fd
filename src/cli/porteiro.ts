import { resolve } from "node:path";
import { Command } from "commander";
import { openSettingsStore } from "../composition/open-settings-store.ts";
import { readEncryptionKey } from "../settings/encryption-key.ts";
import { registerAuditCommands, type OpenedTrail } from "./audit-commands.ts";
import { registerDirectoryCommands } from "./directory-commands.ts";
import { registerSandboxCommands } from "./sandbox-commands.ts";
import { registerServeCommand, surroundingsOf } from "./serve-command.ts";

/** The project's folder: relative paths of settings start here, whatever the folder of the caller is. */
const root = resolve(import.meta.dirname, "../..");

const program = new Command("porteiro")
  .description("The doorkeeper of a Brazilian bank: an authorization server for Open Finance Brasil")
  .showHelpAfterError()
  .showSuggestionAfterError();
registerServeCommand(program, root);
registerDirectoryCommands(program);
registerSandboxCommands(program, root);
registerAuditCommands(program, openTrail);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`porteiro: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** The audit trail of the settings' store, whether or not the server runs. */
async function openTrail(): Promise<OpenedTrail> {
  const surroundings = surroundingsOf(root);
  const { settings, clock, randomness, log } = surroundings;
  const encryptionKey = readEncryptionKey(root, settings.secrets, randomness);
  const store = await openSettingsStore(surroundings);
  return { store, clock, randomness, log, encryptionKey, close: () => store.close() };
}
