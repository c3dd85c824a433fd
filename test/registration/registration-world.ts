import { expect } from "chai";
import type { RefusalCode } from "../../src/kernel/refusal-catalogue.ts";
import { refusalCatalogue } from "../../src/kernel/refusal-catalogue.ts";
import type { HttpsAnswer, HttpsCall } from "../support/https-call.ts";
import { createMovableClock, type MovableClock } from "../support/movable-clock.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp, type TlsIdentity } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";

export type Body = Readonly<Record<string, unknown>>;
type Call = Omit<HttpsCall, "ca" | "body" | "method">;

/** A server, its directory, and the calls of RFC 7591 and RFC 7592 to it. */
export interface RegistrationWorld {
  readonly directory: SandboxDirectory;
  readonly server: TestServer;
  /** Moves the time of both. */
  readonly time: MovableClock;
  /** The registration address; with a further path after it. */
  address(path?: string): string;
  /** A fresh statement in a complete body; claims change the statement, members the body (undefined takes out). */
  bodyOf(tpp: SandboxTpp, members?: Body, statement?: { ageSeconds?: number; claims?: Record<string, unknown> }): Promise<Body>;
  post(tpp: SandboxTpp, body: unknown, call?: Call & { path?: string }): Promise<HttpsAnswer>;
  /** A call to a registered client, by default at its registration_client_uri with its own token. */
  manage(method: string, tpp: SandboxTpp, client: Registered, change?: Call & { token?: string; url?: string; body?: unknown }): Promise<HttpsAnswer>;
  /** The whole registration answer minus the four members that RFC 7592 2.2 forbids, with a fresh statement. */
  updateBody(tpp: SandboxTpp, client: Registered, members?: Body, claims?: Record<string, unknown>): Promise<Body>;
  register(tpp: SandboxTpp, members?: Body, statement?: { ageSeconds?: number; claims?: Record<string, unknown> }): Promise<Registered>;
  /** Registers with these members, looks at the answer, and deletes the client again. */
  registered(tpp: SandboxTpp, members: Body, look: (client: Registered) => unknown, claims?: Record<string, unknown>): Promise<void>;
  delete(tpp: SandboxTpp, client: Registered): Promise<void>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly settings?: Readonly<Record<string, unknown>> | ((directory: SandboxDirectory) => Readonly<Record<string, unknown>>);
  /** What happens at the directory before the server reads its revocation lists. */
  readonly beforehand?: (directory: SandboxDirectory) => Promise<void>;
}

export async function startRegistrationWorld(options: WorldOptions = {}): Promise<RegistrationWorld> {
  const time = createMovableClock();
  const directory = await startSandboxDirectory({ clock: time.clock });
  try {
    await options.beforehand?.(directory);
    const settings = typeof options.settings === "function" ? options.settings(directory) : options.settings;
    const server = await startTestServer({ directory, clock: time.clock, ...(settings && { settings }) });
    return worldOf(directory, server, time);
  } catch (error) {
    await directory.stop();
    throw error;
  }
}

function worldOf(directory: SandboxDirectory, server: TestServer, time: MovableClock): RegistrationWorld {
  const address = (path = "") => `${server.url("registration")}${path}`;
  const world: RegistrationWorld = {
    directory,
    server,
    time,
    address,
    async bodyOf(tpp, members = {}, statement = {}) {
      return { ...tpp.registrationBody(await tpp.statement(statement)), ...members };
    },
    post: (tpp, body, { path, ...call } = {}) => server.post(address(path), body, { identity: tpp.tls, ...call }),
    manage: (method, tpp, client, { token = client.token, url = client.uri, body, ...call } = {}) =>
      server.call(url, {
        method,
        identity: tpp.tls,
        ...call,
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...call.headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async updateBody(tpp, client, members = {}, claims = {}) {
      const { registration_access_token: _1, registration_client_uri: _2, client_secret_expires_at: _3, client_id_issued_at: _4, ...body } = client.body;
      return { ...body, software_statement: await tpp.statement({ claims }), ...members };
    },
    async register(tpp, members = {}, statement = {}) {
      const answer = await world.post(tpp, await world.bodyOf(tpp, members, statement));
      expect(answer.status, answer.text).to.equal(201);
      const body = answer.json();
      return { clientId: body.client_id, token: body.registration_access_token, uri: body.registration_client_uri, body };
    },
    async registered(tpp, members, look, claims = {}) {
      const client = await world.register(tpp, members, { claims });
      try {
        await look(client);
      } finally {
        await world.delete(tpp, client);
      }
    },
    async delete(tpp, client) {
      const answer = await world.manage("DELETE", tpp, client);
      expect(answer.status, answer.text).to.equal(204);
    },
    async stop() {
      await server.stop();
      await directory.stop();
    },
  };
  return world;
}

/** RFC 6749 section 5.2. */
const permitted = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;

interface CheckInAnswer {
  readonly check: string;
  readonly result: string;
  readonly code?: RefusalCode;
  readonly expected?: string;
  readonly received?: string;
}

/** The codes that an answer names, of refusals or warnings, in order. */
export function codesIn(answer: HttpsAnswer): string[] {
  return checksIn(answer).flatMap(({ code }) => code ?? []);
}

export function checksIn(answer: HttpsAnswer): CheckInAnswer[] {
  return (answer.json().checks ?? []) as CheckInAnswer[];
}

/** A refusal as every one must be: its first code gives status and error, and every text is fit to be printed. */
export function expectRefusal(answer: HttpsAnswer, code: RefusalCode, ...others: RefusalCode[]): void {
  const { status, error } = refusalCatalogue[code];
  expect(`${answer.status} ${answer.text}`).to.match(new RegExp(`^${status} `));
  expect(answer.headers["content-type"]).to.match(/^application\/json/);
  expect(answer.headers["cache-control"]).to.equal("no-store");
  const body = answer.json();
  expect(body.error, answer.text).to.equal(error);
  expect(body.error_description).to.match(permitted);
  const failed = checksIn(answer).filter(({ result }) => result === "failed");
  expect(failed.map((check) => check.code), answer.text).to.deep.equal([code, ...others]);
  for (const { expected, received } of failed) {
    expect(expected).to.match(permitted);
    expect(received).to.match(permitted);
  }
  expect(body.error_uri).to.satisfy((uri: string) => uri.endsWith(`/refusals/${code}`));
}

export type { Registered, TlsIdentity };
