import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";

/**
 * The main job as a person would do it: every step is one real command, printed before it runs, with the answer
 * (shortened) and the time it took. A step that does not go as it must stops the demo with exit code 1.
 */

const root = resolve(import.meta.dirname, "..");
const keep = process.argv.includes("--keep");
mkdirSync(join(root, "var"), { recursive: true });
const place = mkdtempSync(join(root, "var/demo-"));
const tpp = relative(root, join(place, "tpp"));
const otherTpp = relative(root, join(place, "other-tpp"));
const mtls = "https://localhost:7444/default/openbanking_brasil/oauth2";
const bank = "https://localhost:7445";

/** A store of the demo's own, for the server and for the operator's commands. */
const environment = { ...process.env, PORTEIRO_STORE_LMDB_PATH: join(place, "store"), PORTEIRO_LOG_LEVEL: "error" };

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly json: Record<string, unknown>;
}

let steps = 0;

function heading(text: string): void {
  steps += 1;
  console.log(`\n\u001b[1m${steps}. ${text}\u001b[0m`);
}

/** Runs a command of the house and prints it. */
function porteiro(...words: string[]): string {
  console.log(`   $ porteiro ${words.join(" ")}`);
  const began = performance.now();
  const run = spawnSync("scripts/porteiro", words, { cwd: root, encoding: "utf8", env: environment });
  if (run.status !== 0) {
    throw new Error(`porteiro ${words[0]} failed: ${run.stderr.trim()}`);
  }
  console.log(`     ${shortened(run.stdout.trim())} (${milliseconds(began)})`);
  return run.stdout.trim();
}

/** Runs one real curl process with the TPP's certificate and prints what was sent and what came back. */
function curl(folder: string | undefined, words: readonly string[]): Answer {
  const identity = folder === undefined ? [] : ["--cert", `${folder}/client.crt`, "--key", `${folder}/client.key`];
  const shown = ["curl", ...words, ...identity, "--cacert", `${tpp}/ca.crt`];
  console.log(`   $ ${shown.map(quoted).join(" ")}`);
  const began = performance.now();
  const run = spawnSync("curl", ["--silent", "--show-error", "--write-out", "\n%{http_code}", ...shown.slice(1)], { cwd: root, encoding: "utf8" });
  if (run.status !== 0) {
    throw new Error(`curl failed: ${run.stderr.trim()}`);
  }
  const end = run.stdout.lastIndexOf("\n");
  const body = run.stdout.slice(0, end);
  const status = Number(run.stdout.slice(end + 1));
  console.log(`     HTTP ${status} in ${milliseconds(began)}${body === "" ? "" : `\n${explained(body)}`}`);
  return { status, body, json: jsonOf(body) };
}

function post(address: string, file: string): string[] {
  return ["--location", "--request", "POST", address, "--header", "Content-Type: application/json", "--data", `@${file}`];
}

/** A refusal is shown check by check, everything else as one shortened line. */
function explained(body: string): string {
  const json = jsonOf(body);
  if (!Array.isArray(json["checks"])) {
    return `     ${shortened(body)}`;
  }
  const checks = json["checks"] as { result: string; code?: string; expected?: string; received?: string; mend?: string }[];
  const failed = checks.filter(({ result }) => result === "failed");
  if (failed.length === 0) {
    return `     accepted: ${String(json["accepted"])}; ${checks.length} checks, ${checks.map(({ result }) => result).filter((result) => result === "passed").length} passed`;
  }
  const lines = failed.map(({ code, expected, received, mend }) => `       - ${code}: expected ${expected}; received ${received}\n         ${mend}`);
  return [`     error ${String(json["error"])}, explained at ${String(json["error_uri"])}`, ...lines].join("\n");
}

function shortened(text: string): string {
  const brief = text.replace(/"(software_statement|registration_access_token|access_token)":"([^"]{12})[^"]*"/g, '"$1":"$2..."').replace(/\s+/g, " ");
  return brief.length > 400 ? `${brief.slice(0, 400)} ...` : brief;
}

function quoted(word: string): string {
  const brief = word.length > 90 ? `${word.slice(0, 60)}...` : word;
  return /^[\w@%+=:,./-]+$/.test(brief) ? brief : `'${brief}'`;
}

function milliseconds(began: number): string {
  return `${Math.round(performance.now() - began)} ms`;
}

function jsonOf(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function must(holds: boolean, expectation: string): void {
  if (!holds) {
    throw new Error(`expected ${expectation}`);
  }
}

/** A refusal must have this status and name this code among its failed checks. */
function mustRefuse(answer: Answer, status: number, code: string): void {
  must(answer.status === status && answer.body.includes(`"code":"${code}"`), `HTTP ${status} with ${code}`);
}

async function startSandbox(): Promise<ChildProcess> {
  const child = spawn("scripts/porteiro", ["sandbox", "--directory-store", join(place, "directory")], {
    cwd: root,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
    detached: keep,
  });
  const ready = new Promise<string>((done, fail) => {
    createInterface({ input: child.stdout }).on("line", (line) => line.startsWith("ready ") && done(line));
    child.once("exit", () => fail(new Error("the sandbox did not start (are its ports free: 7443-7445, 7490, 9443, 9444?)")));
  });
  console.log(`     ${shortened(await ready)}`);
  return child;
}

function assertion(): string {
  return porteiro("assertion", "--dir", tpp);
}

function tokenRequest(signed: string): string[] {
  return [
    "--request", "POST", `${mtls}/token`,
    "--data", "grant_type=client_credentials",
    "--data", "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "--data", `client_assertion=${signed}`,
  ];
}

function bankRequest(path: string, token: string): string[] {
  return [`${bank}${path}`, "--header", `Authorization: Bearer ${token}`, "--header", `transactionId: ${randomUUID()}`, "--header", `correlationId: ${randomUUID()}`];
}

function editedBody(folder: string, change: (body: Record<string, unknown>) => void): string {
  const body = JSON.parse(readFileSync(join(root, folder, "register.json"), "utf8")) as Record<string, unknown>;
  change(body);
  const file = join(place, "edited.json");
  writeFileSync(file, JSON.stringify(body));
  return relative(root, file);
}

async function main(): Promise<ChildProcess> {
  console.log("Porteiro: a TPP registers itself with curl, gets a token, and the bank's APIs answer to it.");

  heading("Start the sandbox: Central Directory, authorization server, sample bank");
  const began = performance.now();
  const sandbox = await startSandbox();
  console.log(`     (${milliseconds(began)})`);
  try {
    await story();
  } catch (error) {
    sandbox.kill("SIGTERM");
    throw error;
  }
  return sandbox;
}

async function story(): Promise<void> {
  heading("The directory makes a TPP: certificates (BRCAC, BRSEAL), keys, software statement");
  porteiro("directory", "create-tpp", "--out", tpp, "--roles", "DADOS,PAGTO");
  porteiro("directory", "create-tpp", "--out", otherTpp, "--roles", "DADOS");

  heading("Dry run: every check of the registration, nothing stored");
  const dryRun = curl(tpp, post(`${mtls}/register/check`, `${tpp}/register.json`));
  must(dryRun.status === 200 && dryRun.json["accepted"] === true, "a dry run that accepts");

  heading("Register (RFC 7591) with one curl over mutual TLS");
  const registered = curl(tpp, post(`${mtls}/register`, `${tpp}/register.json`));
  must(registered.status === 201, "HTTP 201");
  writeFileSync(join(root, tpp, "registration.json"), registered.body);
  const uri = String(registered.json["registration_client_uri"]);
  const bearer = ["--header", `Authorization: Bearer ${String(registered.json["registration_access_token"])}`];

  heading("Register again: refused, and told what to do");
  mustRefuse(curl(tpp, post(`${mtls}/register`, `${tpp}/register.json`)), 400, "registration.duplicate");

  heading("Read and update the registration (RFC 7592)");
  must(curl(tpp, [uri, ...bearer]).status === 200, "HTTP 200");
  porteiro("directory", "statement", "--dir", tpp);
  const update = editedBody(tpp, (body) => {
    body["grant_types"] = ["authorization_code", "implicit", "refresh_token", "client_credentials"];
  });
  const updated = curl(tpp, ["--request", "PUT", uri, ...bearer, "--header", "Content-Type: application/json", "--data", `@${update}`]);
  must(updated.status === 200 && updated.json["client_id"] === registered.json["client_id"], "HTTP 200 with the same client_id");

  heading("Get a token: client_credentials, private_key_jwt, bound to the certificate");
  const signed = assertion();
  const issued = curl(tpp, tokenRequest(signed));
  must(issued.status === 200, "HTTP 200");
  const token = String(issued.json["access_token"]);

  heading("Call the bank's APIs, which introspect the token over mutual TLS");
  const accounts = curl(tpp, bankRequest("/digitalbanking/db-accounts/v1/accounts?loginId=jacaranda.exemplo", token));
  must(accounts.status === 200 && accounts.body.includes('"accounts"'), "HTTP 200 with accounts");
  const profile = curl(tpp, bankRequest("/v1/customers/jacaranda.exemplo?userIdType=LOGIN_ID", token));
  must(profile.status === 200, "HTTP 200 with a profile");

  heading("Use the same assertion twice: refused");
  mustRefuse(curl(tpp, tokenRequest(signed)), 401, "assertion.used");

  heading("Use the token with another TPP's certificate: refused by the bank");
  must(curl(otherTpp, bankRequest("/v1/accounts?loginId=jacaranda.exemplo", token)).status === 401, "HTTP 401");

  heading("Register with a forged certificate: every field copied, signed by nobody known");
  const forged = relative(root, join(place, "forged"));
  porteiro("directory", "forge", "--dir", otherTpp, "--kind", "forged-issuer", "--out", forged);
  mustRefuse(curl(forged, post(`${mtls}/register`, `${otherTpp}/register.json`)), 401, "certificate.signature");

  heading("Register with a stale statement and a foreign redirect URI: both named at once");
  porteiro("directory", "statement", "--dir", otherTpp, "--age-seconds", "600");
  const stale = editedBody(otherTpp, (body) => {
    body["redirect_uris"] = ["https://thief.example.com/callback"];
  });
  const refusedTwice = curl(otherTpp, post(`${mtls}/register`, stale));
  mustRefuse(refusedTwice, 400, "statement.too-old");
  mustRefuse(refusedTwice, 400, "redirect-uris.outside-statement");

  heading("Lose the registration access token, and recover it with a fresh statement");
  porteiro("directory", "statement", "--dir", tpp);
  const recovered = curl(tpp, post(`${mtls}/register/recover`, `${tpp}/register.json`));
  must(recovered.status === 200 && recovered.json["client_id"] === registered.json["client_id"], "HTTP 200 with the same client_id");
  must(curl(tpp, [uri, ...bearer]).status === 401, "the old token to be dead");

  heading("Delete the registration: token, client and statement are free at once");
  const newBearer = ["--header", `Authorization: Bearer ${String(recovered.json["registration_access_token"])}`];
  must(curl(tpp, ["--request", "DELETE", uri, ...newBearer]).status === 204, "HTTP 204");
  must(curl(tpp, bankRequest("/v1/accounts?loginId=jacaranda.exemplo", token)).status === 401, "the token to be dead");

  heading("Verify the audit trail of all that");
  await wait(100);
  porteiro("audit", "verify");
}

try {
  const sandbox = await main();
  console.log("\nEvery step went as it must, the refusals included.");
  if (keep) {
    sandbox.unref();
    console.log(`The sandbox stays up (process ${sandbox.pid}; stop it with: kill ${sandbox.pid}). Try next:
  scripts/porteiro directory statement --dir ${tpp}
  curl --request POST ${mtls}/register --header 'Content-Type: application/json' --cert ${tpp}/client.crt --key ${tpp}/client.key --cacert ${tpp}/ca.crt --data @${tpp}/register.json
  scripts/porteiro clients list`);
    process.exit(0);
  }
  sandbox.kill("SIGTERM");
  await new Promise((done) => sandbox.once("exit", done));
  rmSync(place, { recursive: true });
} catch (error) {
  console.error(`\ndemo failed at step ${steps}: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
