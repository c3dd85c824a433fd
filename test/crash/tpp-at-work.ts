import { authorizeUrl, createConsent, fragmentOf, pushRequest, throughThePages } from "../support/authorization.ts";
import type { BatteredBank } from "./battered-bank.ts";
import type { SeededChoices } from "./seeded-choices.ts";
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
  type HeldToken,
  type TppBooks,
} from "./tpp-books.ts";
import { cpf, expectStatus, tppCalls, UnexpectedAnswer } from "./tpp-calls.ts";

/** What a server without its store may say. */
const storeless = [503, 504];

/** One request after the other, each chosen at random, until the bank is struck; the books tell what was answered. */
export async function workUntilStruck(books: TppBooks, bank: BatteredBank, choices: SeededChoices): Promise<void> {
  while (!bank.down) {
    try {
      await oneJob(books, bank, choices);
    } catch (error) {
      if (!bank.down || (error instanceof UnexpectedAnswer && !storeless.includes(error.status))) {
        throw error;
      }
    }
  }
}

/** Does the work; from its beginning to its answer the attempt stands in the books. */
async function attempting<T>(books: TppBooks, attempt: Attempt, work: () => Promise<T>): Promise<T> {
  books.attempt = attempt;
  const result = await work();
  books.attempt = undefined;
  books.acknowledged += 1;
  return result;
}

type Job = (books: TppBooks, client: HeldClient, bank: BatteredBank, choices: SeededChoices) => Promise<void>;

async function oneJob(books: TppBooks, bank: BatteredBank, choices: SeededChoices): Promise<void> {
  const { client } = books;
  if (client === undefined) {
    await register(books, bank, choices);
    return;
  }
  const consents = latestConsents(client);
  const some = (weight: number, there: boolean) => (there ? weight : 0);
  const job = choices.oneOf<Job>([
    [4, update],
    [2, recover],
    [2, remove],
    [4, issueToken],
    [some(1, client.tokens.length > 0), revokeToken],
    [3, askForConsent],
    [some(2, consents.some(([, status]) => status !== "REJECTED")), endConsent],
    [some(3, consents.some(([, status]) => status === "AWAITING_AUTHORISATION")), journey],
    [some(2, client.grants.length > 0), refresh],
  ]);
  await job(books, client, bank, choices);
}

async function register(books: TppBooks, { server }: BatteredBank, choices: SeededChoices): Promise<void> {
  const statement = await books.tpp.statement();
  const redirectUris = someRedirectUris(books, choices);
  await attempting(books, { kind: "register", statement, redirectUris }, async () => {
    const answer = await tppCalls(server, books).register(statement, redirectUris);
    books.client = heldClient(expectStatus("registration", answer, 201).json());
    noteChange(books, books.client.clientId, "client.registered");
  });
}

const update: Job = async (books, client, { server }, choices) => {
  const statement = await books.tpp.statement();
  const redirectUris = someRedirectUris(books, choices);
  await attempting(books, { kind: "update", statement, redirectUris }, async () => {
    const answer = await tppCalls(server, books).update(client, statement, redirectUris);
    books.client = reregistered(client, expectStatus("update", answer, 200).json());
    noteChange(books, client.clientId, "client.updated");
  });
};

const recover: Job = async (books, client, { server }) => {
  const statement = await books.tpp.statement();
  await attempting(books, { kind: "recover", statement }, async () => {
    const answer = await tppCalls(server, books).recover(statement);
    books.client = reregistered(client, expectStatus("recovery", answer, 200).json());
    noteChange(books, client.clientId, "client.recovered");
  });
};

const remove: Job = async (books, client, { server }) => {
  await attempting(books, { kind: "delete" }, async () => {
    expectStatus("deletion", await tppCalls(server, books).remove(client), 204);
    buryClient(books);
  });
};

const issueToken: Job = async (books, client, { server }) => {
  const assertion = await server.assertion(books.tpp, client.clientId);
  await attempting(books, { kind: "token", assertion }, async () => {
    const answer = await tppCalls(server, books).token(client, { client_assertion: assertion });
    client.tokens.push(newToken(expectStatus("token", answer, 200).json().access_token));
  });
};

const revokeToken: Job = async (books, client, { server }) => {
  const [token] = youngest(client.tokens);
  if (token === undefined) {
    return;
  }
  await attempting(books, { kind: "revoke-token", token }, async () => {
    expectStatus("revocation", await tppCalls(server, books).revoke(client, token.value), 200);
    client.tokens.splice(client.tokens.indexOf(token), 1);
    noteChange(books, client.clientId, "token.revoked");
  });
};

const askForConsent: Job = async (books, client, { server }) => {
  await attempting(books, { kind: "create-consent" }, async () => {
    const consentId = await createConsent(server, books.tpp, client.clientId, { cpf });
    client.consents.set(consentId, "AWAITING_AUTHORISATION");
    noteChange(books, consentId, "consent.created");
  });
};

const endConsent: Job = async (books, client, { server }, choices) => {
  const [consentId, status] = choices.oneOf(latestConsents(client).filter(([, known]) => known !== "REJECTED").map((one) => [1, one] as const));
  await attempting(books, { kind: "delete-consent", consentId }, async () => {
    expectStatus("deletion of a consent", await tppCalls(server, books).consent(client, "DELETE", consentId), 204);
    client.consents.set(consentId, "REJECTED");
    noteChange(books, consentId, endingAction(status));
  });
};

/** The customer's part: log-in and approval on the pages, then the code becomes tokens. */
const journey: Job = async (books, client, { server }) => {
  const [consentId] = latestConsents(client).find(([, status]) => status === "AWAITING_AUTHORISATION") ?? [""];
  const { code, verifier } = await attempting(books, { kind: "authorise", consentId }, async () => {
    const redirect_uri = (client.registration["redirect_uris"] as string[])[0];
    const pushed = await pushRequest(server, books.tpp, client.clientId, `openid accounts resources consent:${consentId}`, { claims: { redirect_uri } });
    const requestUri = expectStatus("pushed request", pushed.answer, 201).json().request_uri;
    const callback = fragmentOf(await throughThePages(server, authorizeUrl(server, client.clientId, requestUri), "approve", books.browser));
    const answered = callback.get("code");
    if (answered === null) {
      throw new Error(`the callback has no code: ${callback.toString()}`);
    }
    client.consents.set(consentId, "AUTHORISED");
    noteChange(books, consentId, "consent.authorised");
    return { code: answered, verifier: pushed.verifier };
  });
  await attempting(books, { kind: "exchange", consentId, code, verifier }, async () => {
    const tokens = expectStatus("exchange of a code", await tppCalls(server, books).exchange(client, code, verifier), 200).json();
    client.grants.push({ consentId, accessToken: newToken(tokens.access_token), refreshToken: tokens.refresh_token });
  });
};

const refresh: Job = async (books, client, { server }, choices) => {
  const grant = choices.oneOf(client.grants.map((one) => [1, one] as const));
  const alive = client.consents.get(grant.consentId) === "AUTHORISED";
  const answer = await tppCalls(server, books).refresh(client, grant.refreshToken);
  expectStatus(`refresh under a consent that is ${client.consents.get(grant.consentId)}`, answer, alive ? 200 : 400);
  books.acknowledged += 1;
  if (alive) {
    client.grants.push({ ...grant, accessToken: newToken(answer.json().access_token) });
  }
};

/** The first one stays, so that codes can be sent there. */
function someRedirectUris({ tpp }: TppBooks, choices: SeededChoices): string[] {
  const [first = "", ...others] = tpp.description.redirect_uris;
  return [first, ...others.filter(() => choices.between(0, 1) < 0.5)];
}

export function newToken(value: string): HeldToken {
  return { value, at: Date.now() };
}
