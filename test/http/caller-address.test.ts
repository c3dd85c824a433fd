import type { IncomingMessage } from "node:http";
import { expect } from "chai";
import { createCallerAddress, type CallerAddressHeader } from "../../src/http/caller-address.ts";
import { createTrustedProxies } from "../../src/http/trusted-proxies.ts";
import { formOn, rawBrowser } from "../support/authorization.ts";
import { startSandboxDirectory, type SandboxDirectory } from "../support/sandbox.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

const isTrustedProxy = createTrustedProxies(["10.0.0.0/8", "192.0.2.1", "2001:db8:1::/48"]);

function addressOf(from: string | undefined, header: CallerAddressHeader, headers: Readonly<Record<string, string>>): string | undefined {
  const request = { socket: { remoteAddress: from }, headers } as unknown as IncomingMessage;
  return createCallerAddress({ isTrustedProxy, header })(request);
}

describe("the caller's address", () => {
  const cases: readonly [story: string, header: CallerAddressHeader, value: string, address: string | undefined][] = [
    ["the one that the proxy adds", "x-forwarded-for", "203.0.113.7", "203.0.113.7"],
    ["the last that is no listed proxy's", "x-forwarded-for", "198.51.100.1, 203.0.113.7, 10.1.2.3,192.0.2.1", "203.0.113.7"],
    ["the farthest when all are listed proxies'", "x-forwarded-for", "10.0.0.9, 10.0.0.8", "10.0.0.9"],
    ["without its port", "x-forwarded-for", "203.0.113.7:50123", "203.0.113.7"],
    ["an IPv6 address, bare or in brackets", "x-forwarded-for", "2001:db8:2::7, [2001:db8:1::1]:443", "2001:db8:2::7"],
    ["an IPv4 address in IPv6 clothes", "x-forwarded-for", "::ffff:203.0.113.7", "203.0.113.7"],
    ["unknown where the proxy says so, whatever stands before", "x-forwarded-for", "203.0.113.7, unknown", undefined],
    ["unknown where there is nothing", "x-forwarded-for", " ", undefined],
    ["in the syntax of RFC 7239", "forwarded", 'for=198.51.100.1, for=203.0.113.7;proto=https;by=10.0.0.1, For="10.0.0.2:4711"', "203.0.113.7"],
    ["an IPv6 address of RFC 7239", "forwarded", 'by=10.0.0.1;for="[2001:db8:2::7]:4711"', "2001:db8:2::7"],
    ["not what stands in quotes beside it", "forwarded", 'host="a;for=198.51.100.1,for=198.51.100.2";for=203.0.113.7', "203.0.113.7"],
    ["not hidden by a quote that the caller leaves open", "forwarded", 'for="198.51.100.1, for="[2001:db8:2::7]"', "2001:db8:2::7"],
    ["unknown where the proxy invents a name", "forwarded", "for=203.0.113.7, for=_hidden", undefined],
  ];
  for (const [story, header, value, address] of cases) {
    it(`from a listed proxy: ${story}`, () => {
      expect(addressOf("10.0.0.1", header, { [header]: value })).to.equal(address);
      expect(addressOf("::ffff:10.0.0.1", header, { [header]: value })).to.equal(address);
    });
  }

  it("is read from the one header that the proxies write, never from the one that passes through them", () => {
    const both = { "x-forwarded-for": "203.0.113.7", forwarded: "for=198.51.100.1" };
    expect(addressOf("10.0.0.1", "x-forwarded-for", both)).to.equal("203.0.113.7");
    expect(addressOf("10.0.0.1", "forwarded", both)).to.equal("198.51.100.1");
    expect(addressOf("10.0.0.1", "forwarded", { "x-forwarded-for": "203.0.113.7" })).to.equal(undefined);
  });

  it("is that of the connection from everywhere else, whatever the headers say", () => {
    for (const header of ["x-forwarded-for", "forwarded"] as const) {
      expect(addressOf("203.0.113.7", header, { "x-forwarded-for": "198.51.100.1", forwarded: "for=198.51.100.1" })).to.equal("203.0.113.7");
      expect(addressOf(undefined, header, { "x-forwarded-for": "198.51.100.1" })).to.equal("");
    }
  });
});

describe("limits by address", function () {
  this.timeout(60_000);
  let directory: SandboxDirectory;
  const servers: TestServer[] = [];
  before(async () => {
    directory = await startSandboxDirectory();
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await directory.stop();
  });

  async function start(trustedProxies: readonly string[]): Promise<TestServer> {
    const server = await startTestServer({ directory, settings: { trustedProxies, registration: { requestsPerMinute: 2 } } });
    servers.push(server);
    return server;
  }

  /** Sends the log-in form from an address that a proxy tells; the status says what came of it. */
  async function logIn(server: TestServer, username: string, password: string, headers: Record<string, string>): Promise<number> {
    const home = String(server.settings["publicUrl"]);
    const browser = rawBrowser(server.ca, headers);
    const { action, fields } = formOn(await browser.get(`${home}/my/log-in`), home);
    return (await browser.submit(action, [...fields, ["username", username], ["password", password]])).status;
  }

  const failSixtyTimes = async (server: TestServer, headers: Record<string, string>) => {
    for (let attempt = 0; attempt < 60; attempt += 1) {
      expect(await logIn(server, `nobody${attempt}`, "wrong", headers)).to.equal(401);
    }
  };
  const from = (address: string) => ({ "x-forwarded-for": address });
  const customer = ["jacaranda.exemplo", "Jacaranda-sandbox-1"] as const;

  it("behind a proxy lock one address, not every customer", async () => {
    const server = await start(["127.0.0.0/8"]);
    await failSixtyTimes(server, from("203.0.113.7"));
    expect(await logIn(server, ...customer, from("203.0.113.7"))).to.equal(429);
    expect(await logIn(server, ...customer, from("198.51.100.1, 203.0.113.7"))).to.equal(429);
    expect(await logIn(server, ...customer, from("203.0.113.8"))).to.equal(303);
  });

  it("behind a proxy that tells no address lock nobody but the login", async () => {
    const server = await start(["127.0.0.0/8"]);
    await failSixtyTimes(server, {});
    expect(await logIn(server, ...customer, {})).to.equal(303);
  });

  it("without a listed proxy count by the connection, whatever the headers say", async () => {
    const server = await start([]);
    await failSixtyTimes(server, from("203.0.113.7"));
    expect(await logIn(server, ...customer, from("203.0.113.8"))).to.equal(429);
  });

  it("behind a proxy lock the network of an IPv6 address, whose owner has all of it", async () => {
    const server = await start(["127.0.0.0/8"]);
    for (let attempt = 0; attempt < 60; attempt += 1) {
      expect(await logIn(server, `nobody${attempt}`, "wrong", from(`2001:db8:2:7::${attempt.toString(16)}`))).to.equal(401);
    }
    expect(await logIn(server, ...customer, from("2001:db8:2:7:ffff::1"))).to.equal(429);
    expect(await logIn(server, ...customer, from("2001:db8:2:8::1"))).to.equal(303);
  });

  it("of registrations count in the same way", async () => {
    const [behind, alone] = [await start(["127.0.0.0/8"]), await start([])];
    const calls = async (server: TestServer, headers: Record<string, string>) => (await server.post(server.url("registration"), {}, { headers })).status;
    for (const [server, headers, last] of [[behind, from("203.0.113.7"), 429], [behind, from("203.0.113.8"), 429], [behind, {}, 401], [alone, from("203.0.113.9"), 429]] as const) {
      expect([await calls(server, headers), await calls(server, headers), await calls(server, headers)]).to.deep.equal([401, 401, last]);
    }
  });
});
