import { expect } from "chai";
import { clientTag, routeOfSoftware } from "../../src/kernel/identifiers.ts";
import { clientNames, createClientRecords, type ClientRecord } from "../../src/store/client-records.ts";
import type { Store } from "../../src/store/store.ts";
import type { HttpsAnswer } from "../support/https-call.ts";
import type { TestServer } from "../support/server.ts";
import { newToken } from "./tpp-at-work.ts";
import {
  buryClient,
  endingAction,
  heldClient,
  latestConsents,
  noteChange,
  reregistered,
  youngest,
  type Attempt,
  type HeldClient,
  type TppBooks,
} from "./tpp-books.ts";
import { expectStatus, tppCalls } from "./tpp-calls.ts";

const realm = "openbanking_brasil";
const latestGrants = 4;
const latestFormerClients = 4;

interface Registration {
  readonly clientId?: string;
  readonly statement: unknown;
  readonly redirectUris: unknown;
}

/**
 * Looks at what lies in the store under a TPP's software: all of a client or nothing of it, and either what was last
 * acknowledged or what the request under way would make of it.
 */
export async function expectWholeInStore(books: TppBooks, store: Store): Promise<void> {
  const tag = clientTag(routeOfSoftware(realm, books.tpp.description.software_id));
  const [record, version, statement] = await store.getMany(tag, [clientNames.record, clientNames.version, clientNames.statement]);
  const parts = [record, version, statement].filter((part) => part !== undefined).length;
  expect(parts, `parts of the client in ${tag}`).to.be.oneOf([0, 3]);
  const stored = record === undefined ? undefined : (JSON.parse(record) as ClientRecord);
  const found = stored && { clientId: stored.clientId, statement, redirectUris: stored.metadata["redirect_uris"] };
  expect(registrationsThatMayBe(books).some((one) => matches(one, found)), `${JSON.stringify(found)} after ${JSON.stringify(books.attempt)}`).to.equal(true);
  if (stored) {
    const clients = createClientRecords({ store });
    expect(version?.startsWith(`${stored.clientId}.`), `${version} is a version of ${stored.clientId}`).to.equal(true);
    expect(await clients.list(realm, { limit: 1000 }), "the list of clients").to.include(stored.clientId);
    expect((await clients.find(stored.clientId))?.record).to.deep.equal(stored);
  }
}

function registrationsThatMayBe({ client, attempt }: TppBooks): (Registration | undefined)[] {
  const acknowledged = client && { clientId: client.clientId, statement: client.registration["software_statement"], redirectUris: client.registration["redirect_uris"] };
  switch (attempt?.kind) {
    case "register":
      return [undefined, attempt];
    case "update":
    case "recover":
      return [acknowledged, acknowledged && { ...acknowledged, ...attempt }];
    case "delete":
      return [acknowledged, undefined];
    default:
      return [acknowledged];
  }
}

function matches(may: Registration | undefined, found: Registration | undefined): boolean {
  const text = (one: Registration | undefined) => one && JSON.stringify([one.statement, one.redirectUris]);
  return text(may) === text(found) && (may?.clientId === undefined || may.clientId === found?.clientId);
}

/** Finds out what became of the request under way, then holds the server to all that it has acknowledged. */
export async function expectAllKept(books: TppBooks, server: TestServer): Promise<void> {
  const { attempt, client } = books;
  if (attempt !== undefined) {
    await settle(attempt, books, client, server);
    books.attempt = undefined;
  }
  await expectRegistrationKept(books, server);
  await expectTokensKept(books, server);
  await expectConsentsKept(books, server);
}

async function settle(attempt: Attempt, books: TppBooks, client: HeldClient | undefined, server: TestServer): Promise<void> {
  const calls = tppCalls(server, books);
  if (attempt.kind === "register") {
    await settleRegistration(books, attempt.redirectUris, server);
    return;
  }
  if (client === undefined) {
    throw new Error(`only a client has requests of the kind ${attempt.kind}`);
  }
  switch (attempt.kind) {
    case "update": {
      const found = expectStatus("the client after an update without an answer", await calls.read(client), 200).json();
      const updated = { ...client.registration, software_statement: attempt.statement, redirect_uris: attempt.redirectUris };
      if (found.software_statement === attempt.statement) {
        expect(found).to.deep.equal(updated);
        books.client = reregistered(client, found);
        noteChange(books, client.clientId, "client.updated");
      }
      return;
    }
    case "recover": {
      if (isGone(await calls.read(client))) {
        noteChange(books, client.clientId, "client.recovered");
        await recoverClient(books, client, server);
      }
      return;
    }
    case "delete": {
      if (isGone(await calls.read(client))) {
        buryClient(books);
      }
      return;
    }
    case "token": {
      const again = await calls.token(client, { client_assertion: attempt.assertion });
      expect(again.status, again.text).to.be.oneOf([200, 401]);
      expect(again.status === 200 || again.json().checks[0].code === "assertion.used", again.text).to.equal(true);
      return;
    }
    case "revoke-token": {
      if (!(await server.introspect(attempt.token.value)).json().active) {
        client.tokens.splice(client.tokens.indexOf(attempt.token), 1);
        noteChange(books, client.clientId, "token.revoked");
      }
      return;
    }
    case "create-consent": {
      books.unansweredConsents += 1;
      return;
    }
    case "delete-consent":
    case "authorise": {
      const before = client.consents.get(attempt.consentId);
      const now = expectStatus("a consent", await calls.consent(client, "GET", attempt.consentId), 200).json().data.status;
      expect(now).to.be.oneOf([before, attempt.kind === "authorise" ? "AUTHORISED" : "REJECTED"]);
      if (now !== before) {
        client.consents.set(attempt.consentId, now);
        noteChange(books, attempt.consentId, attempt.kind === "authorise" ? "consent.authorised" : endingAction(before));
      }
      return;
    }
    case "exchange": {
      const answer = await calls.exchange(client, attempt.code, attempt.verifier);
      expect(answer.status, answer.text).to.be.oneOf([200, 400]);
      if (answer.status === 200) {
        client.grants.push({ consentId: attempt.consentId, accessToken: newToken(answer.json().access_token), refreshToken: answer.json().refresh_token });
      } else {
        expect(answer.json().error).to.equal("invalid_grant");
      }
    }
  }
}

/** Unanswered: either the software can be registered as if nothing had been, or the client is there and can be recovered. */
async function settleRegistration(books: TppBooks, redirectUris: readonly string[], server: TestServer): Promise<void> {
  const answer = await tppCalls(server, books).register(await books.tpp.statement(), redirectUris);
  if (answer.status === 201) {
    books.client = heldClient(answer.json());
    noteChange(books, books.client.clientId, "client.registered");
    return;
  }
  expect(expectStatus("second registration", answer, 400).json().checks[0].code).to.equal("registration.duplicate");
  const recovered = expectStatus("recovery", await tppCalls(server, books).recover(await books.tpp.statement()), 200).json();
  expect(recovered.redirect_uris).to.deep.equal(redirectUris);
  books.client = heldClient(recovered);
  noteChange(books, recovered.client_id, "client.registered");
  noteChange(books, recovered.client_id, "client.recovered");
}

async function recoverClient(books: TppBooks, client: HeldClient, server: TestServer): Promise<void> {
  const answer = await tppCalls(server, books).recover(await books.tpp.statement());
  const recovered = expectStatus("recovery", answer, 200).json();
  expect(recovered.client_id).to.equal(client.clientId);
  books.client = reregistered(client, recovered);
  noteChange(books, client.clientId, "client.recovered");
}

function isGone(answer: HttpsAnswer): boolean {
  expect(answer.status, answer.text).to.be.oneOf([200, 401]);
  return answer.status === 401;
}

async function expectRegistrationKept(books: TppBooks, server: TestServer): Promise<void> {
  const calls = tppCalls(server, books);
  for (const former of books.formerClients.slice(-latestFormerClients)) {
    expectStatus("a deleted client", await calls.read(former), 401);
  }
  if (books.client === undefined) {
    await settleAsNew(books, server);
  } else {
    const answer = expectStatus("an acknowledged client", await calls.read(books.client), 200);
    expect(answer.json()).to.deep.equal(books.client.registration);
  }
}

/** What was deleted, or never registered, is free. */
async function settleAsNew(books: TppBooks, server: TestServer): Promise<void> {
  const answer = await tppCalls(server, books).register(await books.tpp.statement(), books.tpp.description.redirect_uris);
  books.client = heldClient(expectStatus("registration of free software", answer, 201).json());
  noteChange(books, books.client.clientId, "client.registered");
}

async function expectTokensKept({ client, formerClients }: TppBooks, server: TestServer): Promise<void> {
  for (const { value } of youngest(client?.tokens ?? [])) {
    expect((await server.introspect(value)).json(), "an acknowledged token").to.include({ active: true, client_id: client?.clientId });
  }
  const ended = formerClients.slice(-latestFormerClients).flatMap(({ tokens, grants }) => [...tokens, ...grants.map(({ accessToken }) => accessToken)]);
  for (const { value } of youngest(ended)) {
    expect((await server.introspect(value)).json(), "a deleted client's token").to.deep.equal({ active: false });
  }
}

async function expectConsentsKept(books: TppBooks, server: TestServer): Promise<void> {
  const { client } = books;
  if (client === undefined) {
    return;
  }
  const calls = tppCalls(server, books);
  for (const [consentId, status] of latestConsents(client)) {
    const found = expectStatus("an acknowledged consent", await calls.consent(client, "GET", consentId), 200).json().data;
    expect(found, consentId).to.include({ consentId, status });
  }
  for (const { consentId, accessToken, refreshToken } of client.grants.slice(-latestGrants)) {
    const alive = client.consents.get(consentId) === "AUTHORISED";
    if (youngest([accessToken]).length > 0) {
      const facts = (await server.introspect(accessToken.value)).json();
      expect(facts.active, `a customer's token under a consent that is ${client.consents.get(consentId)}`).to.equal(alive);
    }
    expectStatus("a refresh", await calls.refresh(client, refreshToken), alive ? 200 : 400);
  }
}
