import { Option, type Command } from "commander";
import { logLevels } from "../kernel/log.ts";
import { portNumber } from "./option-values.ts";
import type { BankOptions, DirectoryServeOptions, SandboxOptions } from "./run-sandbox.ts";

/** Loaded by the commands that run something, so that every other command starts without it. */
const parts = () => import("./run-sandbox.ts");

/** `porteiro directory serve`, `porteiro bank` and `porteiro sandbox`, which runs both with the server. */
export function registerSandboxCommands(program: Command, root: string): void {
  const directory = program.commands.find((command) => command.name() === "directory");
  directory
    ?.command("serve")
    .description("run the sandbox Central Directory")
    .option("--store <folder>", "where it keeps its state", "var/directory")
    .option("--public-port <port>", "discovery, keystore, participants, CRLs", portNumber, 9443)
    .option("--mtls-port <port>", "token and assertion endpoints", portNumber, 9444)
    .option("--crl-port <port>", "serve the CRLs over plain http too, and name that address in certificates (default: https only)", portNumber)
    .option("--real-host-names", "take the names of the ecosystem's sandbox directory, on one listener (see README)", false)
    .option("--real-host-names-port <port>", "port that the URLs of the real names show", portNumber, 443)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .addOption(new Option("--log-level <level>", "least severe log line").choices(logLevels).default("warn"))
    .action(async (options: DirectoryServeOptions) => (await parts()).serveDirectory(root, options));
  program
    .command("bank")
    .description("run the sample bank's resource servers, as the settings under `sampleBank` say")
    .option("--port <port>", "port to listen on, instead of the setting", portNumber)
    .option("--host <address>", "address to listen on, instead of the setting")
    .option("--institution <id>", "id of the financial institution, instead of the setting")
    .addOption(new Option("--log-level <level>", "least severe log line").choices(logLevels).default("warn"))
    .addHelpText("after", "\nSettings: config/README.md. Example: PORTEIRO_SAMPLE_BANK_CALLS_PER_MINUTE=10 porteiro bank")
    .action(async (options: BankOptions) => (await parts()).serveBank(root, options));
  program
    .command("sandbox")
    .description("run directory, authorization server and sample bank together, each a process of its own")
    .option("--directory-host <address>", "address that the directory listens on", "127.0.0.1")
    .option("--directory-store <folder>", "where the directory keeps its state (default: var/directory, or var/directory-real-names)")
    .option("--real-host-names", "ready for the official suite: the directory under the names of the ecosystem's sandbox (see README)", false)
    .option("--real-host-names-port <port>", "port of those names; the suite wants 443, for which a process needs rights", portNumber, 443)
    .addHelpText("after", "\nPrints one line beginning with `ready` when everything answers. Ctrl-C stops all of it.")
    .action(async (options: SandboxOptions) => (await parts()).serveSandbox(root, options));
}
