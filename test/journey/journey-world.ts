import type { JWTPayload } from "jose";
import { sampleCustomers } from "../../src/bank/sample-customers.ts";
import { authorizeUrl, createConsent, pushRequest, sampleCustomer, type PushedRequest } from "../support/authorization.ts";
import { atEndOfRun } from "../support/end-of-run.ts";
import { startSampleBank, type SampleBank } from "../support/sample-bank.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";

const { cpf } = sampleCustomers.find(({ loginId }) => loginId === sampleCustomer.login) as { cpf: string };

/** Directory, server and bank on real sockets, and one registered TPP. */
export interface JourneyWorld {
  readonly directory: SandboxDirectory;
  readonly server: TestServer;
  readonly bank: SampleBank;
  readonly tpp: SandboxTpp;
  readonly client: Registered;
  readonly redirectUri: string;
  /** Public root URL of the server. */
  readonly home: string;
  /** A new consent, pushed: the address that the browser is sent to. Claims of the request object may be changed. */
  ask(claims?: JWTPayload): Promise<{ readonly url: string; readonly pushed: PushedRequest; readonly consentId: string }>;
}

let world: Promise<JourneyWorld & { stop(): Promise<void> }> | undefined;

/** All tests of the journey share one sandbox. */
export function journeyWorld(): Promise<JourneyWorld> {
  world ??= start();
  return world;
}

let folder: string | undefined;

// The last file cannot know that it is the last.
atEndOfRun({ stop: async () => (await world?.catch(() => undefined))?.stop(), folder: () => folder });

async function start() {
  const directory = await startSandboxDirectory();
  folder = directory.folder;
  try {
    return await startWith(directory);
  } catch (error) {
    // Else its listeners would keep the test process alive.
    await directory.stop();
    throw error;
  }
}

async function startWith(directory: SandboxDirectory) {
  const server = await startTestServer({ directory });
  const bank = await startSampleBank(server);
  const tpp = await directory.createTpp();
  const client = await server.register(tpp);
  return {
    directory,
    server,
    bank,
    tpp,
    client,
    redirectUri: tpp.description.redirect_uris[0]!,
    home: String(server.settings["publicUrl"]),
    ask: async (claims = {}) => {
      const consentId = await createConsent(server, tpp, client.clientId, { cpf });
      const pushed = await pushRequest(server, tpp, client.clientId, `openid accounts resources consent:${consentId}`, { claims });
      if (pushed.answer.status !== 201) throw new Error(`the request was answered ${pushed.answer.status}: ${pushed.answer.text}`);
      return { url: authorizeUrl(server, client.clientId, pushed.answer.json().request_uri), pushed, consentId };
    },
    async stop() {
      await bank.stop();
      await server.stop();
      await directory.stop();
    },
  };
}
