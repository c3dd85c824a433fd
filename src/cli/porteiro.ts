import { resolve } from "node:path";
import { Command } from "commander";
import { registerAuditCommands } from "./audit-commands.ts";
import { registerClientsCommands } from "./clients-commands.ts";
import { registerConformanceCommand } from "./conformance-command.ts";
import { registerConsentsCommands } from "./consents-commands.ts";
import { registerCustomersCommands } from "./customers-commands.ts";
import { registerDirectoryCommands } from "./directory-commands.ts";
import { registerDoctorCommand } from "./doctor-command.ts";
import { openClients, openConsents, openCustomers, openDoctor, openTrail } from "./installation.ts";
import { registerJourneyCommand } from "./journey-command.ts";
import { plainSentence } from "./plain-sentence.ts";
import { registerRefusalsCommand } from "./refusals-command.ts";
import { registerSandboxCommands } from "./sandbox-commands.ts";
import { registerServeCommand, surroundingsOf } from "./serve-command.ts";
import { registerSettingsCommands } from "./settings-commands.ts";

/** The project's folder: relative paths of settings start here, whatever the folder of the caller is. */
const root = resolve(import.meta.dirname, "../..");

const program = new Command("porteiro")
  .description("The doorkeeper of a Brazilian bank: an authorization server for Open Finance Brasil")
  .showHelpAfterError()
  .showSuggestionAfterError();
registerServeCommand(program, root);
registerSettingsCommands(program, root);
registerClientsCommands(program, () => openClients(root));
registerConsentsCommands(program, () => openConsents(root));
registerCustomersCommands(program, () => openCustomers(root));
registerAuditCommands(program, () => openTrail(root));
registerDoctorCommand(program, () => openDoctor(surroundingsOf(root, { logLevel: "silent" })));
registerRefusalsCommand(program);
registerDirectoryCommands(program);
registerSandboxCommands(program, root);
registerJourneyCommand(program, root);
registerConformanceCommand(program, root);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`porteiro: ${plainSentence(error)}`);
  // Whatever is still open then, such as a worker's channel to its primary: a command that failed ends.
  process.exit(1);
}
