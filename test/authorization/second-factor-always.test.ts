import { expect } from "chai";
import { authorizeUrl, createConsent, pushRequest } from "../support/authorization.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";
import { answerAt, expectPage, loginOf, pageAt, visitor } from "./pages.ts";

const [withApp, withoutApp] = ["jacaranda.exemplo", "buriti.ficticio"] as const;

describe("a bank that always asks for the second factor", () => {
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let client: Registered;
  before(async () => {
    directory = await startSandboxDirectory();
    server = await startTestServer({ directory, settings: { login: { secondFactor: "always" } } });
    tpp = await directory.createTpp();
    client = await server.register(tpp);
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  async function begin(person: string) {
    const someone = visitor(server);
    const consentId = await createConsent(server, tpp, client.clientId, { cpf: loginOf(person).cpf });
    const pushed = await pushRequest(server, tpp, client.clientId, `openid accounts consent:${consentId}`);
    return { someone, place: await someone.open(authorizeUrl(server, client.clientId, pushed.answer.json().request_uri)) };
  }
  const ownPages = () => `${String(server.settings["publicUrl"])}/my/consents`;

  it("lets in who has one, with the code", async () => {
    const { someone, place } = await begin(withApp);
    const code = await someone.logIn(place, withApp);
    expect(answerAt(await someone.decide(await someone.typeCode(code, withApp, 0), "approve")).get("code")).to.be.a("string");
    const own = await someone.logIn(await someone.open(ownPages()), withApp);
    expectPage(own, "otp");
    expectPage(await someone.open(ownPages()), "otp");
    expect(pageAt(await someone.typeCode(own, withApp, 1)).text).to.include("Meus compartilhamentos");
  });

  it("tells who has none after the right password, and the TPP hears access_denied", async () => {
    const { someone, place } = await begin(withoutApp);
    const told = await someone.logIn(place, withoutApp);
    expectPage(told, "second-factor-missing");
    expect(pageAt(told).status).to.equal(403);
    expectPage(await someone.open(place.at), "username");
    expect(answerAt(await someone.send(told, {})).get("error")).to.equal("access_denied");
  });

  it("opens no page of our own to who has none", async () => {
    const someone = visitor(server);
    expectPage(await someone.logIn(await someone.open(ownPages()), withoutApp), "second-factor-missing");
    expectPage(await someone.open(ownPages()), "username");
  });

  it("tells nothing before the password was right", async () => {
    const someone = visitor(server);
    const attempt = async (username: string) => pageAt(await someone.send(await someone.open(ownPages()), { username, password: "not the password" }));
    const [known, unknown] = [await attempt(withoutApp), await attempt("nobody.at.all")];
    expect(known.status).to.equal(unknown.status).and.to.equal(401);
    expect(known.text.replaceAll(withoutApp, "")).to.equal(unknown.text.replaceAll("nobody.at.all", ""));
  });
});
