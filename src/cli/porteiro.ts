import { resolve } from "node:path";
import { Command } from "commander";
import { registerDirectoryCommands } from "./directory-commands.ts";
import { registerSandboxCommands } from "./sandbox-commands.ts";
import { registerServeCommand } from "./serve-command.ts";

/** The project's folder: relative paths of settings start here, whatever the folder of the caller is. */
const root = resolve(import.meta.dirname, "../..");

const program = new Command("porteiro")
  .description("The doorkeeper of a Brazilian bank: an authorization server for Open Finance Brasil")
  .showHelpAfterError()
  .showSuggestionAfterError();
registerServeCommand(program, root);
registerDirectoryCommands(program);
registerSandboxCommands(program, root);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`porteiro: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
