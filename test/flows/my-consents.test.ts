import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { sampleCustomers } from "../../src/bank/sample-customers.ts";
import { sampleLogins } from "../../src/bank/sample-logins.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { systemRandomness } from "../../src/kernel/identifiers.ts";
import { createSecretBox } from "../../src/kernel/secret-box.ts";
import { createAuditLog } from "../../src/policy/audit/audit-log.ts";
import { createConsents } from "../../src/policy/consent/consents.ts";
import { createConsentRecords } from "../../src/store/consent-records.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import { authorizeUrl, createConsent, formOn, fragmentOf, pushRequest, rawBrowser, sampleCustomer, throughThePages, type RawBrowser } from "../support/authorization.ts";
import { form } from "../support/https-call.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";

const { cpf } = sampleCustomers.find((customer) => customer.loginId === sampleCustomer.login) as { cpf: string };

describe("my consents: a customer sees and ends the sharing of data", () => {
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let client: Registered;
  let home: string;

  before(async () => {
    directory = await startSandboxDirectory();
    server = await startTestServer({ directory });
    tpp = await directory.createTpp();
    client = await server.register(tpp);
    home = String(server.settings["publicUrl"]);
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  const logIn = async (browser: RawBrowser, login = sampleCustomer.login as string, password = sampleCustomer.password as string) => {
    const page = await browser.get(`${home}/my/log-in`);
    const { action, fields } = formOn(page, home);
    return browser.submit(action, [...fields, ["username", login], ["password", password]]);
  };

  const authorised = async () => {
    const consentId = await createConsent(server, tpp, client.clientId, { cpf });
    const pushed = await pushRequest(server, tpp, client.clientId, `openid accounts consent:${consentId}`);
    const callback = await throughThePages(server, authorizeUrl(server, client.clientId, pushed.answer.json().request_uri), "approve");
    const assertion = await server.assertion(tpp, client.clientId);
    const tokens = await server.call(server.url("token"), {
      ...form({
        grant_type: "authorization_code",
        code: fragmentOf(callback).get("code")!,
        redirect_uri: tpp.description.redirect_uris[0],
        code_verifier: pushed.verifier,
        client_assertion: assertion,
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      }),
      identity: tpp.tls,
    });
    return { consentId, token: tokens.json().access_token as string };
  };

  it("asks for a log-in, lists the consents, ends one, and its token is dead in the same second", async () => {
    const { consentId, token } = await authorised();
    const browser = rawBrowser(server.ca);
    expect((await browser.get(`${home}/my/consents`)).headers["location"]).to.equal("/my/log-in");
    expect((await logIn(browser)).headers["location"]).to.equal("/my/consents");

    const list = await browser.get(`${home}/my/consents`);
    expect(list.text).to.include(tpp.description.organisation_name);
    const detail = await browser.get(`${home}/my/consents/${encodeURIComponent(consentId)}`);
    expect(detail.text).to.include(consentId).and.to.include("consent-revoke");
    expect((await server.introspect(token)).json().active).to.equal(true);

    const revokeForm = formOn(detail, home);
    const done = await browser.submit(revokeForm.action, revokeForm.fields);
    expect(done.status).to.equal(200);
    expect(done.text).to.include('id="done"');
    expect((await server.introspect(token)).json()).to.deep.equal({ active: false });
    expect((await browser.get(`${home}/my/consents/${encodeURIComponent(consentId)}`)).text).to.not.include("consent-revoke");
  });

  it("shows nobody else's consent, and takes no form that is not ours", async () => {
    const { consentId, token } = await authorised();
    const other = rawBrowser(server.ca);
    await logIn(other, "buriti.ficticio", "Buriti-sandbox-3");
    expect((await other.get(`${home}/my/consents/${encodeURIComponent(consentId)}`)).status).to.equal(404);
    const own = rawBrowser(server.ca);
    await logIn(own);
    const revoke = `${home}/my/consents/${encodeURIComponent(consentId)}/revoke`;
    expect((await own.submit(revoke, [["csrf", "guessed"]])).status).to.equal(400);
    expect((await other.submit(revoke, formOn(await other.get(`${home}/my/log-out`), home).fields)).status).to.equal(404);
    expect((await server.introspect(token)).json().active).to.equal(true);
  });

  it("lists however many there are page by page, what is active first, so that the oldest can still be ended", async () => {
    const { encryptionKeyFile } = server.settings["secrets"] as { encryptionKeyFile: string };
    const { lmdb } = server.settings["store"] as { lmdb: { path: string } };
    const store = openLmdbStore({ path: lmdb.path, clock: systemClock });
    const box = createSecretBox((await readFile(encryptionKeyFile, "utf8")).trim(), "consents", systemRandomness);
    const audit = createAuditLog({ clock: systemClock, randomness: systemRandomness });
    const consents = createConsents({ records: createConsentRecords({ store, box }), audit, clock: systemClock, randomness: systemRandomness, realm: "open-finance", offeredScopes: ["accounts", "resources"], companiesOf: async () => [] });
    const context = { actor: { kind: "server" } } as const;
    const { customerId, cpf: theirs, userName, password } = sampleLogins.find((login) => login.userName === "ipe.amarelo")!;
    const made: string[] = [];
    for (let number = 0; number < 230; number += 1) {
      const creation = await consents.create(client.clientId, { permissions: ["ACCOUNTS_READ", "ACCOUNTS_BALANCES_READ", "RESOURCES_READ"], loggedUser: theirs }, context);
      if (!creation.done) throw new Error("the consent is valid");
      const { consentId } = creation.consent;
      await consents.authorise(consentId, { customerId, accounts: [] }, context);
      if (number > 0) await consents.revokeByCustomer(consentId, customerId, context);
      made.push(consentId);
    }
    await store.close();

    const browser = rawBrowser(server.ca);
    await logIn(browser, userName, password);
    const listed: string[] = [];
    for (let at: string | undefined = `${home}/my/consents`, page = 1; at !== undefined; page += 1) {
      const { text } = await browser.get(at);
      const ids = [...text.matchAll(/href="\/my\/consents\/([^"/]+)"/g)].map(([, id]) => decodeURIComponent(id!));
      expect(ids, `page ${page}`).to.have.length(page < 12 ? 20 : 10);
      expect(text.includes('id="previous-page"')).to.equal(page > 1);
      expect(/id="other-language" href="([^"]*)"/.exec(text)?.[1]).to.equal(page === 1 ? "/my/consents?lang=en" : `/my/consents?page=${page}&amp;lang=en`);
      listed.push(...ids);
      const next = /id="next-page"[^>]*href="([^"]*)"/.exec(text)?.[1];
      at = next && `${home}${next}`;
    }
    expect(listed[0]).to.equal(made[0]);
    expect(listed.toSorted()).to.deep.equal(made.toSorted());
    for (const page of ["0", "-1", "x", "1e9"]) {
      expect((await browser.get(`${home}/my/consents?page=${page}`)).text).to.include(encodeURIComponent(made[0]!));
    }
    expect((await browser.get(`${home}/my/consents?page=999`)).text).to.include("Página 12 de 12");
  });

  it("ends the session at log-out", async () => {
    const browser = rawBrowser(server.ca);
    await logIn(browser);
    const page = await browser.get(`${home}/my/log-out`);
    const { action, fields } = formOn(page, home);
    expect((await browser.submit(action, fields)).text).to.include('id="done"');
    expect((await browser.get(`${home}/my/consents`)).headers["location"]).to.equal("/my/log-in");
  });

  it("keeps the session when a link of another site leads there, whose log-in begins a new one in its place", async () => {
    const browser = rawBrowser(server.ca);
    await logIn(browser);
    const session = browser.cookies().find((pair) => pair.startsWith("__Host-porteiro=")) ?? "";
    const asked = await browser.get(`${home}/my/consents`, { crossSite: true });
    expect(asked.headers["location"]).to.equal("/my/log-in");
    const page = await browser.get(`${home}/my/log-in`, { crossSite: true });
    expect(browser.cookies()).to.include(session);
    expect((await browser.get(`${home}/my/consents`)).status).to.equal(200);

    const { action, fields } = formOn(page, home);
    const again = await browser.submit(action, [...fields, ["username", sampleCustomer.login], ["password", sampleCustomer.password]]);
    expect(again.headers["location"]).to.equal("/my/consents");
    expect((await browser.get(`${home}/my/consents`)).status).to.equal(200);
    const old = await server.call(`${home}/my/consents`, { headers: { cookie: session } });
    expect(old.headers["location"]).to.equal("/my/log-in");
  });

  it("takes no log-in form that another site sends", async () => {
    const browser = rawBrowser(server.ca);
    const { action, fields } = formOn(await browser.get(`${home}/my/log-in`), home);
    const sent = await browser.submit(action, [...fields, ["username", sampleCustomer.login], ["password", sampleCustomer.password]], { crossSite: true });
    expect(sent.status).to.equal(400);
    expect((await browser.get(`${home}/my/consents`)).headers["location"]).to.equal("/my/log-in");
  });

  it("tells a wrong password from an unknown customer by nothing", async () => {
    const browser = rawBrowser(server.ca);
    const [wrong, unknown] = [await logIn(browser, sampleCustomer.login, "not it"), await logIn(browser, "nobody.here", "not it")];
    expect(wrong.status).to.equal(401);
    expect(unknown.status).to.equal(401);
    const withoutName = (text: string) => text.replace(/value="[^"]*"/g, "");
    expect(withoutName(unknown.text)).to.equal(withoutName(wrong.text));
  });
});
