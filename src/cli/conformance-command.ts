import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { z } from "zod";
import { bankUrl } from "../bank/bank-settings.ts";
import { sampleLogins } from "../bank/sample-logins.ts";
import { endpointUrl, openFinanceRealm, type Realm } from "../oidc/endpoints.ts";
import { authorizationPlan, registrationPlan, suiteScope, type PlanFacts, type SuiteSoftware } from "./conformance-plans.ts";
import { planFiles, suiteReadme } from "./conformance-readme.ts";
import { createTpp } from "./create-tpp.ts";
import { openDirectoryClient, readPem, type DirectoryClient } from "./directory-client.ts";
import { callHttps, jsonCall } from "./https-call.ts";
import { ownDirectory, realNamesDirectory, runningDirectory } from "./running-directory.ts";
import { surroundingsOf } from "./serve-command.ts";
import { json, pretty, writeTppFiles, type TppFiles } from "./tpp-folder.ts";

interface ConformanceOptions {
  readonly suite: string;
  readonly alias: string;
  readonly out: string;
  readonly directoryUrl?: string;
  readonly bankUrl?: string;
  readonly ca: string;
}

/** Adds `porteiro conformance-config`: the official suite's configuration for the running sandbox. */
export function registerConformanceCommand(program: Command, root: string): void {
  program
    .command("conformance-config")
    .description("make software statements in the running sandbox and write the official conformance suite's configuration of both plans")
    .requiredOption("--suite <url>", "base URL of the suite, such as https://suite.example:8443", suiteUrl)
    .requiredOption("--alias <name>", "alias of the plans: part of the callback", alias)
    .requiredOption("--out <folder>", "where to write the configuration; it holds private keys")
    .option("--directory-url <url>", `where the sandbox directory takes commands; left out: ${realNamesDirectory}, or else ${ownDirectory}`)
    .option("--bank-url <url>", "root URL of the running sample bank; left out: that of the settings")
    .option("--ca <file>", "authority of their TLS certificates", join(root, "certs/local/ca.crt"))
    .addHelpText(
      "after",
      "\nThe URLs of server and bank are those of the settings.\nExample: porteiro sandbox --real-host-names (in one terminal), then\n  porteiro conformance-config --suite https://localhost.emobix.co.uk:8443 --alias porteiro --out var/conformance",
    )
    .action((options: ConformanceOptions) => writeConfiguration(root, options));
}

async function writeConfiguration(root: string, options: ConformanceOptions): Promise<void> {
  const { suite, alias, out, ca } = options;
  const { settings } = surroundingsOf(root);
  if (settings.login.secondFactor === "always") {
    throw new Error("login.secondFactor (PORTEIRO_LOGIN_SECOND_FACTOR) is `always`; expected `when-asked`: the suite's browser works out no one-time code, and would stand still at the page that asks for it");
  }
  const realm = openFinanceRealm(settings);
  const bank = options.bankUrl ?? bankUrl(settings.sampleBank);
  const caPem = await readPem(ca, "the local authority; start the sandbox first, or name the file with --ca");
  const directoryUrl = options.directoryUrl ?? (await runningDirectory(caPem));
  const directory = await openDirectoryClient(directoryUrl, ca);
  const callback = `${suite}/test/a/${alias}/callback`;
  const callbackWithQuery = `${callback}?dummy1=lorem&dummy2=ipsum`;
  const needs = { directory, directoryUrl, caPem, realm, out };
  console.error("making three software statements, and registering two of them ...");
  const [registering, first, second] = [
    await suiteSoftware(needs, "registration", [callback, callbackWithQuery]),
    await registered(needs, await suiteSoftware(needs, "client1", [callback]), "client1"),
    await registered(needs, await suiteSoftware(needs, "client2", [callbackWithQuery]), "client2"),
  ];
  const facts = planFacts(realm, { alias, bank, callback });
  await writePrivately(join(out, planFiles.registration), pretty(registrationPlan(facts, registering)));
  await writePrivately(join(out, planFiles.authorization), pretty(authorizationPlan(facts, first, second)));
  await writeFile(join(out, "README.txt"), suiteReadme({ suite, alias, issuer: realm.issuer, bank }));
  console.log(`Wrote ${planFiles.registration}, ${planFiles.authorization} and README.txt to ${out}`);
  if (directoryUrl === ownDirectory) {
    console.log("The running directory has its own names; the registration plan wants the real ones: start `porteiro sandbox --real-host-names` and run this again");
  }
}

function planFacts(realm: Realm, { alias, bank, callback }: { alias: string; bank: string; callback: string }): PlanFacts {
  const [customer] = sampleLogins;
  if (!customer) throw new Error("expected a sample customer");
  return {
    alias,
    discoveryUrl: `${realm.issuer}/.well-known/openid-configuration`,
    consentUrl: `${realm.mtlsUrl}/open-banking/consents/v3/consents`,
    resourceUrl: `${bank}/open-banking/accounts/v2/accounts`,
    cpf: customer.cpf,
    browser: { issuer: realm.issuer, authorizationEndpoint: endpointUrl(realm, "authorization"), callback, customer },
  };
}

interface SoftwareNeeds {
  readonly directory: DirectoryClient;
  readonly directoryUrl: string;
  readonly caPem: string;
  readonly realm: Realm;
  readonly out: string;
}

/** Makes a software statement and keeps its papers beside the configuration, for whoever must clean up by hand. */
async function suiteSoftware({ directory, directoryUrl, caPem, realm, out }: SoftwareNeeds, name: string, redirectUris: readonly string[]): Promise<SuiteSoftware> {
  const server = { issuer: realm.issuer, registrationEndpoint: endpointUrl(realm, "registration"), tokenEndpoint: endpointUrl(realm, "token") };
  const files = await createTpp({ client: directory, directoryUrl, caPem, server }, { roles: ["DADOS"], softwareName: `Conformance ${name}`, redirectUris });
  await writeTppFiles(join(out, name), files);
  return { files };
}

/** Registers a software as any TPP does (DCR), with the scopes that the plan uses. */
async function registered({ realm, caPem, out }: SoftwareNeeds, { files }: SuiteSoftware, name: string): Promise<SuiteSoftware> {
  const body = z.looseObject({}).parse(json(files["register.json"]));
  const answer = await callHttps(endpointUrl(realm, "registration"), { ...jsonCall({ ...body, scope: suiteScope }), ca: caPem, identity: identityOf(files) });
  const parsed = z.object({ client_id: z.string() }).safeParse(json(answer.text));
  if (answer.status !== 201 || !parsed.success) {
    throw new Error(`the registration of ${name} was answered ${answer.status}: ${answer.text.slice(0, 600)}`);
  }
  await writePrivately(join(out, name, "registration.json"), answer.text);
  return { files, clientId: parsed.data.client_id };
}

function identityOf(files: TppFiles) {
  return { cert: files["client.crt"], key: files["client.key"] };
}

async function writePrivately(file: string, text: string): Promise<void> {
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, text, { mode: 0o600 });
}

function suiteUrl(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== "https:" || url.search !== "" || url.hash !== "" || url.username !== "") {
    throw new InvalidArgumentError("Expected an https URL without query, such as https://suite.example:8443.");
  }
  if (url.hostname === "localhost") {
    throw new InvalidArgumentError(
      "A client with the grant type `implicit`, which the suite registers, may not have a callback on localhost (OpenID Connect Registration 2): give the suite's host another name, whatever it resolves to, such as localhost.emobix.co.uk.",
    );
  }
  return url.href.replace(/\/+$/, "");
}

function alias(text: string): string {
  if (!/^[\w-]+$/.test(text)) {
    throw new InvalidArgumentError("Expected letters, digits, hyphens or underscores.");
  }
  return text;
}
