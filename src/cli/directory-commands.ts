import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { z } from "zod";
import { systemClock } from "../kernel/clock.ts";
import { systemRandomness } from "../kernel/identifiers.ts";
import {
  organisationStatuses,
  regulatoryRoles,
  revocationSchema,
  softwareStatuses,
} from "../sandbox/directory-records.ts";
import { forgeryKinds, type ForgeryKind } from "../sandbox/directory-requests.ts";
import { clientAssertion } from "./client-assertion.ts";
import { createTpp, statementFiles } from "./create-tpp.ts";
import { fetchStatement, openDirectoryClient, readPem, type DirectoryClient } from "./directory-client.ts";
import { forgeryMeanings, forgeTpp } from "./forge-tpp.ts";
import { wholeNumber } from "./option-values.ts";
import { plainSentence } from "./plain-sentence.ts";
import { authorizationRequest } from "./request-object.ts";
import { rotatableKeys, rotateTppKeys, type RotatableKey } from "./rotate-tpp-keys.ts";
import { pretty, readTpp, readTppFile, tppFiles, writeTppFiles } from "./tpp-folder.ts";

const defaultDirectory = "https://localhost:9443";
const defaultAuthority = join(import.meta.dirname, "../../certs/local/ca.crt");
const realm = "/default/openbanking_brasil";

interface DirectoryOptions {
  readonly directoryUrl: string;
  readonly ca: string;
}

interface CreateOptions extends DirectoryOptions {
  readonly out: string;
  readonly roles?: string[];
  readonly redirectUri?: string[];
  readonly webhookUri?: string[];
  readonly organisationId?: string;
  readonly organisationName?: string;
  readonly softwareName?: string;
  readonly hostName?: string;
  readonly issuer: string;
  readonly serverUrl: string;
}

/** Adds `porteiro directory ...`, the sandbox Central Directory's commands, `porteiro assertion` and `porteiro request-object`. */
export function registerDirectoryCommands(program: Command): void {
  const directory = program.command("directory").description("the sandbox Central Directory: TPPs, statements, certificates");
  addCreateTpp(directory);
  addStatement(directory);
  addForge(directory);
  addSetStatus(directory);
  addRevoke(directory);
  addRotateKeys(directory);
  addRotateStatementKey(directory);
  addAssertion(program);
  addRequestObject(program);
}

function addCreateTpp(directory: Command): void {
  atDirectory(directory.command("create-tpp"))
    .description("make an organisation, a software statement and its certificates, and write what a TPP gets")
    .requiredOption("--out <folder>", "where to write the TPP's files")
    .option("--roles <roles>", `regulatory roles, comma separated: ${regulatoryRoles.join(", ")} (default: DADOS,PAGTO)`, commaSeparated)
    .option("--redirect-uri <uri>", "redirect URI of the software; may be given several times", collected)
    .option("--webhook-uri <uri>", "webhook URI of the software; may be given several times", collected)
    .option("--organisation-id <id>", "add the software to this organisation instead of a new one")
    .option("--organisation-name <name>", "name of the new organisation")
    .option("--software-name <name>", "name of the software")
    .option("--host-name <host>", "host name in the transport certificate")
    .option("--issuer <url>", "issuer of the authorization server", `https://localhost:7443${realm}`)
    .option("--server-url <url>", "base URL of its endpoints with mutual TLS", `https://localhost:7444${realm}`)
    .addHelpText(
      "after",
      example("porteiro directory create-tpp --out tpp --roles DADOS --redirect-uri https://tpp.example.com/callback"),
    )
    .action(
      saying(async (options: CreateOptions) => {
        const client = await openDirectoryClient(options.directoryUrl, options.ca);
        progress("making keys and certificates ...");
        const server = {
          issuer: options.issuer,
          registrationEndpoint: `${options.serverUrl}/oauth2/register`,
          tokenEndpoint: `${options.serverUrl}/oauth2/token`,
        };
        const caPem = await readPem(options.ca, "the local authority");
        const files = await createTpp(
          { client, directoryUrl: options.directoryUrl, caPem, server },
          {
            ...(options.roles && { roles: options.roles }),
            ...(options.redirectUri && { redirectUris: options.redirectUri }),
            ...(options.webhookUri && { webhookUris: options.webhookUri }),
            ...(options.organisationId && { organisationId: options.organisationId }),
            ...(options.organisationName && { organisationName: options.organisationName }),
            ...(options.softwareName && { softwareName: options.softwareName }),
            ...(options.hostName && { hostName: options.hostName }),
          },
        );
        await writeTppFiles(options.out, files);
        return `Wrote ${tppFiles.join(", ")} to ${options.out}`;
      }),
    );
}

function addStatement(directory: Command): void {
  atDirectory(inFolder(directory.command("statement")))
    .description("fetch a fresh software statement as a TPP does, and renew register.json")
    .option("--age-seconds <seconds>", "have one that is this old instead, to see it refused (sandbox only)", wholeNumber(0, 1_000_000_000))
    .addHelpText("after", example("porteiro directory statement --dir tpp"))
    .action(
      saying(async (options: DirectoryOptions & { dir: string; ageSeconds?: number }) => {
        const { dir, ageSeconds } = options;
        const tpp = await readTpp(dir);
        if (ageSeconds !== undefined) {
          const request = { softwareId: tpp.software_id, ageSeconds };
          const { statement } = await commanded(options, "/sandbox/statements", request, z.object({ statement: z.string() }));
          await writeTppFiles(dir, statementFiles(tpp, statement));
          return `Wrote a statement that is ${ageSeconds} seconds old to software-statement.jwt and register.json in ${dir}`;
        }
        const address = {
          tokenEndpoint: tpp.directory.token_endpoint,
          assertionUrl: tpp.directory.assertion_url,
          clientId: tpp.directory.client_id,
        };
        const transport = { certPem: await readTppFile(dir, "client.crt"), keyPem: await readTppFile(dir, "client.key") };
        const statement = await fetchStatement(address, transport, await readTppFile(dir, "ca.crt"));
        await writeTppFiles(dir, statementFiles(tpp, statement));
        return `Renewed software-statement.jwt and register.json in ${dir}; good for five minutes`;
      }),
    );
}

function addForge(directory: Command): void {
  const kinds = forgeryKinds.map((kind) => `  ${kind.padEnd(20)}${forgeryMeanings[kind]}`).join("\n");
  atDirectory(inFolder(directory.command("forge")))
    .description("write a hostile variant of a TPP's folder: its transport certificate is wrong in one way")
    .addOption(new Option("--kind <kind>", "what is wrong").choices(forgeryKinds).makeOptionMandatory())
    .requiredOption("--out <folder>", "where to write the variant")
    .addHelpText("after", `\nKinds:\n${kinds}\n${example("porteiro directory forge --dir tpp --kind expired --out tpp-expired")}`)
    .action(
      saying(async (options: DirectoryOptions & { dir: string; kind: ForgeryKind; out: string }) => {
        const client = await openDirectoryClient(options.directoryUrl, options.ca);
        await writeTppFiles(options.out, await forgeTpp(client, options.dir, options.kind));
        return `Wrote a variant of ${options.dir} to ${options.out}: ${forgeryMeanings[options.kind]}`;
      }),
    );
}

type StatusTarget = { readonly role?: string; readonly organisation?: true; readonly status: string };

function addSetStatus(directory: Command): void {
  const statuses = [...new Set([...organisationStatuses, ...softwareStatuses])];
  atDirectory(inFolder(directory.command("set-status")))
    .description("set the status of a TPP's software, of one of its roles, or of its organisation")
    .addOption(new Option("--status <status>", "the new status").choices(statuses).makeOptionMandatory())
    .addOption(new Option("--role <role>", "of this role only").choices(regulatoryRoles))
    .addOption(new Option("--organisation", "of the organisation").conflicts("role"))
    .addHelpText("after", example("porteiro directory set-status --dir tpp --role PAGTO --status Inactive"))
    .action(
      saying(async (options: DirectoryOptions & StatusTarget & { dir: string }) => {
        const tpp = await readTpp(options.dir);
        const target = options.organisation
          ? { organisationId: tpp.organisation_id }
          : { softwareId: tpp.software_id, ...(options.role && { role: options.role }) };
        await commanded(options, "/sandbox/statuses", { ...target, status: options.status }, z.object({ done: z.literal(true) }));
        const what = options.organisation ? "organisation" : options.role ? `role ${options.role}` : "software";
        return `The ${what} is ${options.status}; statements fetched from now on say so`;
      }),
    );
}

function addRevoke(directory: Command): void {
  atDirectory(inFolder(directory.command("revoke")))
    .description("revoke a TPP's certificates of a kind: on the revocation list, their keys inactive")
    .addOption(new Option("--kind <kind>", "which certificates").choices(["brcac", "brseal"]).default("brcac"))
    .addOption(
      new Option("--reason <reason>", "why").choices(revocationSchema.shape.reason.options).default("keyCompromise"),
    )
    .addHelpText("after", example("porteiro directory revoke --dir tpp"))
    .action(
      saying(async (options: DirectoryOptions & { dir: string; kind: string; reason: string }) => {
        const { software_id: softwareId } = await readTpp(options.dir);
        const { kind, reason } = options;
        const answer = z.object({ revoked: z.array(z.string()) });
        const { revoked } = await commanded(options, "/sandbox/revocations", { softwareId, kind, reason }, answer);
        return revoked.length > 0 ? `Revoked ${revoked.join(", ")}` : "Nothing to revoke: no such certificate is valid";
      }),
    );
}

function addRotateKeys(directory: Command): void {
  atDirectory(inFolder(directory.command("rotate-keys")))
    .description("make new keys for a TPP and publish them; the old ones move to the inactive keys")
    .option("--keys <keys>", `which, comma separated: ${rotatableKeys.join(", ")}`, rotatable, ["sig", "enc"] as const)
    .addHelpText("after", example("porteiro directory rotate-keys --dir tpp --keys transport"))
    .action(
      saying(async (options: DirectoryOptions & { dir: string; keys: readonly RotatableKey[] }) => {
        const client = await openDirectoryClient(options.directoryUrl, options.ca);
        progress("making keys and certificates ...");
        const files = await rotateTppKeys(client, options.dir, options.keys);
        await writeTppFiles(options.dir, files);
        return `Renewed ${Object.keys(files).join(", ")} in ${options.dir}`;
      }),
    );
}

function addRotateStatementKey(directory: Command): void {
  atDirectory(directory.command("rotate-statement-key"))
    .description("sign software statements with a new key; the old ones stay published")
    .option("--retire-old", "only take the old keys out of the keystore")
    .addHelpText("after", example("porteiro directory rotate-statement-key"))
    .action(
      saying(async (options: DirectoryOptions & { retireOld?: true }) => {
        if (options.retireOld) {
          const answer = z.object({ retired: z.array(z.string()) });
          const { retired } = await commanded(options, "/sandbox/statement-key-retirements", {}, answer);
          return `Took ${retired.length} old keys out of the keystore`;
        }
        const { kid } = await commanded(options, "/sandbox/statement-key-rotations", {}, z.object({ kid: z.string() }));
        return `Statements are signed with ${kid} from now on`;
      }),
    );
}

function addAssertion(program: Command): void {
  inFolder(program.command("assertion"))
    .description("print a client assertion (private_key_jwt) for curl")
    .option("--client-id <id>", "the client; left out: read from registration.json in the folder")
    .option("--audience <url>", "left out: the issuer of tpp.json")
    .option("--seconds <number>", "how long it lives", wholeNumber(1, 1_000_000_000), 60)
    .addHelpText("after", example("curl ... --data-urlencode \"client_assertion=$(porteiro assertion --dir tpp)\""))
    .action(
      saying((options: { dir: string; clientId?: string; audience?: string; seconds: number }) =>
        clientAssertion({ ...options, folder: options.dir, clock: systemClock }),
      ),
    );
}

interface RequestObjectOptions {
  readonly dir: string;
  readonly consent: string;
  readonly scope: string;
  readonly clientId?: string;
  readonly redirectUri?: string;
  readonly audience?: string;
}

function addRequestObject(program: Command): void {
  inFolder(program.command("request-object"))
    .description("print a signed request object for curl; the PKCE verifier goes to code-verifier.txt, state, nonce and redirect URI to request.json")
    .requiredOption("--consent <id>", "consentId of the consent that it asks for")
    .option("--scope <scopes>", "scopes beside the consent's own", "openid accounts customers resources")
    .option("--client-id <id>", "the client; left out: read from registration.json in the folder")
    .option("--redirect-uri <uri>", "left out: the first one of tpp.json")
    .option("--audience <url>", "left out: the issuer of tpp.json")
    .addHelpText("after", example("curl ... --data-urlencode \"request=$(porteiro request-object --dir tpp --consent urn:porteiro:...)\""))
    .action(
      saying(async (options: RequestObjectOptions) => {
        const { dir, consent, ...rest } = options;
        const made = await authorizationRequest({ ...rest, folder: dir, consentId: consent, clock: systemClock, randomness: systemRandomness });
        const { requestObject, verifier, state, nonce, redirectUri } = made;
        // No line end: curl's name@file sends the file as it is.
        await writeFile(join(dir, "code-verifier.txt"), verifier, { mode: 0o600 });
        await writeFile(join(dir, "request.json"), pretty({ state, nonce, redirect_uri: redirectUri }), { mode: 0o600 });
        return requestObject;
      }),
    );
}

async function commanded<Schema extends z.ZodType>(
  options: DirectoryOptions,
  path: string,
  body: unknown,
  answer: Schema,
): Promise<z.output<Schema>> {
  const client: DirectoryClient = await openDirectoryClient(options.directoryUrl, options.ca);
  return client.command(path, body, answer);
}

function atDirectory(command: Command): Command {
  return command
    .option("--directory-url <url>", "public base URL of the running sandbox directory", defaultDirectory)
    .option("--ca <file>", "authority of its TLS certificate", defaultAuthority);
}

function inFolder(command: Command): Command {
  return command.requiredOption("--dir <folder>", "a folder made by create-tpp");
}

function example(line: string): string {
  return `\nExample:\n  ${line}`;
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Runs an action and prints what it says; a failure becomes one plain sentence and exit code 1. */
function saying<Options>(action: (options: Options) => Promise<string>): (options: Options) => Promise<void> {
  return async (options) => {
    try {
      process.stdout.write(`${await action(options)}\n`);
    } catch (error) {
      process.stderr.write(`porteiro: ${plainSentence(error)}\n`);
      process.exitCode = 1;
    }
  };
}

function commaSeparated(text: string): string[] {
  return text.split(",").map((part) => part.trim());
}

function collected(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function rotatable(text: string): RotatableKey[] {
  return commaSeparated(text).map((name) => {
    const key = rotatableKeys.find((one) => one === name);
    if (!key) throw new InvalidArgumentError(`Expected some of ${rotatableKeys.join(", ")}.`);
    return key;
  });
}
