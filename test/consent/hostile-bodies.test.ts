import { expect } from "chai";
import { anything, assert, asyncProperty, boolean, constant, constantFrom, json, oneof, option, record, string, subarray, uint8Array, type Arbitrary } from "fast-check";
import { permissionGroups, permissions } from "../../src/policy/consent/permission-groups.ts";
import { balances, begin, byServer, day, joao, maria, oficina, offeredScopes, padaria, personal } from "./consent-bank.ts";
import { runs } from "../support/property-runs.ts";
import { consentsPath, startConsentsServer, type Answer, type ConsentsServer } from "./consents-server.ts";

const moments = [begin - 1000, begin, begin + 1000, begin + 30 * day, begin + 365 * day, begin + 366 * day].map((time) => `${new Date(time).toISOString().slice(0, 19)}Z`);
const strange = oneof(anything(), string(), constantFrom(null, 0, -1, "", [], {}, "__proto__", "9".repeat(400)));

/** A value that is right most of the time, and anything at all otherwise. */
const mostly = (right: Arbitrary<unknown>): Arbitrary<unknown> => oneof({ weight: 8, arbitrary: right }, { weight: 1, arbitrary: strange });

const cpfs = mostly(constantFrom(maria, joao, "00000000000", "12345678901"));
const cnpjs = mostly(constantFrom(padaria, oficina, "12ABC34501DE35", "00000000000001"));
const permissionLists = oneof(
  subarray([...permissions]),
  subarray([...permissionGroups], { minLength: 1 }).map((groups) => Array.from(new Set(groups.flatMap((group) => group.permissions)))),
  constant([...balances]),
  strange,
);

const bodies = record(
  {
    data: mostly(
      record(
        {
          permissions: permissionLists,
          loggedUser: mostly(record({ document: mostly(record({ identification: cpfs, rel: mostly(constant("CPF")) })) })),
          businessEntity: mostly(record({ document: mostly(record({ identification: cnpjs, rel: mostly(constant("CNPJ")) })) })),
          expirationDateTime: mostly(constantFrom(...moments)),
          isLinked: mostly(boolean()),
        },
        { requiredKeys: ["permissions", "loggedUser"] },
      ),
    ),
  },
  { requiredKeys: [] },
);

describe("Consents API under hostile bodies", () => {
  let server: ConsentsServer;
  let client: string;
  let consentId: string;

  before(async () => {
    server = await startConsentsServer();
    client = (await server.client("software-1")).clientId;
    const creation = await server.consents.create(client, personal(), byServer);
    consentId = creation.done ? creation.consent.consentId : "";
    await server.consents.authorise(consentId, { customerId: "customer-1", accounts: [] }, byServer);
  });
  after(() => server.stop());

  const extend = (body: unknown): Promise<Answer> =>
    server.call("POST", `${consentsPath}/${consentId}/extends`, {
      client,
      scopes: [`consent:${consentId}`],
      customer: "customer-1",
      body,
      headers: { "x-fapi-customer-ip-address": "203.0.113.7", "x-customer-user-agent": "phone" },
    });

  /** What a refused call leaves behind: nothing; an accepted one leaves one entry. */
  async function leaves(call: () => Promise<Answer>): Promise<Answer> {
    // The trail of this client grows beyond one page; the consent's own client is made anew for every run.
    client = (await server.client(`software-${(clients += 1)}`)).clientId;
    const answer = await call();
    expect(answer.status).to.be.oneOf([201, 400, 422]);
    expect(await server.auditOf(client)).to.have.length(answer.status === 201 ? 1 : 0);
    return answer;
  }
  let clients = 1;

  it("creation: never an error of ours, nothing stored when refused, only offered permissions when not", async () => {
    await assert(
      asyncProperty(bodies, async (body) => {
        const answer = await leaves(() => server.call("POST", consentsPath, { client, body: body as object }));
        if (answer.status === 201) {
          const { data } = answer.body;
          const offered = permissionGroups.filter(({ alwaysKept, scopes }) => alwaysKept || scopes.some((scope) => offeredScopes.includes(scope))).flatMap((group) => group.permissions);
          expect(offered).to.include.members([...data.permissions]);
          expect((body.data as { permissions: string[] }).permissions).to.include.members([...data.permissions]);
        }
      }),
      runs(60),
    );
  });

  it("creation: any JSON and any bytes are answered in the contract's envelope", async () => {
    await assert(
      asyncProperty(oneof(json(), string(), uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))), async (body) => {
        expect((await leaves(() => server.call("POST", consentsPath, { client, body }))).status).to.equal(400);
      }),
      runs(60),
    );
  });

  it("extension: never an error of ours, and only an accepted one changes the consent", async () => {
    const owner = (await server.consents.find(consentId))!.clientId;
    await assert(
      asyncProperty(bodies, option(json()), async (body, text) => {
        client = owner;
        const before = await server.consents.find(consentId);
        const answer = await extend(text ?? body);
        expect(answer.status).to.be.oneOf([201, 400, 403, 422]);
        const after = await server.consents.find(consentId);
        if (answer.status === 201) {
          expect(after!.extensions).to.equal(before!.extensions + 1);
        } else {
          expect(after).to.deep.equal(before);
        }
      }),
      runs(60),
    );
  });

  it("any path and any header of the caller's is answered, never with an error of ours", async () => {
    client = (await server.client("software-paths")).clientId;
    await assert(
      asyncProperty(string({ maxLength: 80 }), constantFrom("GET", "DELETE", "POST"), constantFrom("", "/extends", "/extensions"), async (id, method, end) => {
        const answer = await server.call(method, `${consentsPath}/${encodeURIComponent(id)}${end}`, { client, customer: id === "" ? "c" : undefined, ...(method === "POST" && { body: {} }) });
        expect(answer.status).to.be.within(400, 499);
      }),
      runs(60),
    );
  });
});
