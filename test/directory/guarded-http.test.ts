import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { createGuardedHttp, type GuardedHttp, type GuardedHttpNeeds } from "../../src/directory/guarded-http.ts";
import { isAllowedAddress } from "../../src/directory/allowed-address.ts";
import { OutgoingFailed, OutgoingRefused } from "../../src/directory/outgoing-errors.ts";
import { createLog } from "../../src/kernel/log.ts";
import {
  pours,
  saysNothing,
  sendJson,
  startHttpServer,
  startHttpsServer,
  trickles,
  type TestServer,
} from "./badly-behaved-server.ts";

const accept = "application/json";

describe("the guarded client for outgoing calls", () => {
  let server: TestServer;
  const opened: GuardedHttp[] = [];

  function guarded(changes: Partial<GuardedHttpNeeds> = {}): GuardedHttp {
    const client = createGuardedHttp({
      allowedHosts: [server.host],
      allowPrivateAddresses: true,
      timeoutMs: 10_000,
      maxBytes: 100_000,
      caPem: server.caPem,
      log: createLog("silent"),
      ...changes,
    });
    opened.push(client);
    return client;
  }

  async function problemOf(call: Promise<unknown>): Promise<OutgoingRefused | OutgoingFailed> {
    try {
      await call;
    } catch (error) {
      if (error instanceof OutgoingRefused || error instanceof OutgoingFailed) return error;
      throw error;
    }
    throw new Error("Expected the call to fail, it succeeded");
  }

  before(async () => {
    server = await startHttpsServer();
  });
  beforeEach(() => {
    server.requests.length = 0;
    server.answer = sendJson({ hello: "world" });
  });
  afterEach(() => {
    for (const client of opened.splice(0)) client.close();
  });
  after(() => server.close());

  it("gets a listed host over verified TLS and re-uses the connection", async () => {
    const ports = new Set<number | undefined>();
    server.answer = (request, response) => {
      ports.add(request.socket.remotePort);
      sendJson({ accept: request.headers.accept, encoding: request.headers["accept-encoding"] })(request, response);
    };
    const client = guarded();
    for (const _ of [1, 2, 3]) {
      const answer = await client.get(`${server.url}a`, { accept });
      expect(answer.status).to.equal(200);
      expect(answer.headers["content-type"]).to.equal("application/json");
      expect(JSON.parse(answer.body.toString())).to.deep.equal({ accept, encoding: "identity" });
    }
    expect(ports.size).to.equal(1);
  });

  describe("what it refuses before a byte is sent", () => {
    const refused: [string, () => string, string][] = [
      ["another host", () => `https://example.com/`, "host-not-allowed"],
      ["another port of a listed host", () => `https://localhost:${server.port + 1}/`, "host-not-allowed"],
      ["a listed host without its port", () => `https://localhost/`, "host-not-allowed"],
      ["a listed host with a trailing dot", () => `https://localhost.:${server.port}/`, "host-not-allowed"],
      ["a name that only begins like a listed host", () => `https://localhost.example.com:${server.port}/`, "host-not-allowed"],
      ["plain http on a listed host", () => `http://localhost:${server.port}/`, "scheme"],
      ["a file", () => "file:///etc/passwd", "scheme"],
      ["a data URL", () => "data:application/json,{}", "scheme"],
      ["credentials in the URL", () => `https://user:secret@localhost:${server.port}/`, "url-credentials"],
      ["something that is no URL", () => "localhost", "url-malformed"],
    ];
    for (const [what, url, reason] of refused) {
      it(what, async () => {
        const problem = await problemOf(guarded().get(url(), { accept }));
        expect(problem).to.be.instanceOf(OutgoingRefused);
        expect(problem.reason).to.equal(reason);
        expect(problem.message).not.to.contain("secret");
        expect(server.requests).to.deep.equal([]);
      });
    }

    it("a listed name whose address is private, unless settings allow it", async () => {
      const problem = await problemOf(guarded({ allowPrivateAddresses: false }).get(server.url, { accept }));
      expect(problem).to.be.instanceOf(OutgoingRefused);
      expect(problem.reason).to.equal("address-not-allowed");
      expect(server.requests).to.deep.equal([]);
    });

    it("IP literals of private addresses in every spelling, listed or not", async () => {
      const literals = ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1"];
      for (const literal of literals) {
        const url = `https://${literal}:${server.port}/`;
        const client = guarded({ allowPrivateAddresses: false, allowedHosts: [new URL(url).host] });
        expect((await problemOf(client.get(url, { accept }))).reason, literal).to.equal("address-not-allowed");
      }
      expect(server.requests).to.deep.equal([]);
    });

    it("a name that changes to a forbidden address between two connections (DNS rebinding)", async () => {
      const answers = [["127.0.0.1"], ["169.254.169.254"]];
      let asked = 0;
      const client = guarded({
        allowedHosts: [`rebind.test:${server.port}`],
        resolve: async () => answers[asked++] ?? [],
      });
      server.answer = sendJson({}, 200, { connection: "close" });
      const url = `https://rebind.test:${server.port}/`;
      expect((await client.get(url, { accept })).status).to.equal(200);
      const second = await problemOf(client.get(url, { accept }));
      expect(second).to.be.instanceOf(OutgoingRefused);
      expect(second.reason).to.equal("address-not-allowed");
      expect(asked).to.equal(2);
      expect(server.requests).to.have.length(1);
    });
  });

  it("connects to the address that was judged: of several it keeps only the allowed ones", async () => {
    const client = guarded({
      allowedHosts: [`rebind.test:${server.port}`],
      resolve: async () => ["169.254.169.254", "127.0.0.1"],
    });
    expect((await client.get(`https://rebind.test:${server.port}/`, { accept })).status).to.equal(200);
  });

  it("asks over plain http only where that is listed", async () => {
    const plain = await startHttpServer(sendJson({ crl: true }));
    try {
      const client = guarded({ plainHttpHosts: [plain.host] });
      expect((await client.get(plain.url, { accept })).status).to.equal(200);
      const overTls = await problemOf(client.get(plain.url.replace("http:", "https:"), { accept }));
      expect(overTls.reason).to.equal("host-not-allowed");
    } finally {
      await plain.close();
    }
  });

  it("trusts no certificate but those of Node's roots and the given authority", async () => {
    const problem = await problemOf(guarded({ caPem: undefined }).get(server.url, { accept }));
    expect(problem).to.be.instanceOf(OutgoingFailed);
    expect(problem.reason).to.equal("tls");
    const otherName = guarded({ allowedHosts: [`other.test:${server.port}`], resolve: async () => ["127.0.0.1"] });
    expect((await problemOf(otherName.get(`https://other.test:${server.port}/`, { accept }))).reason).to.equal("tls");
    expect(server.requests).to.deep.equal([]);
  });

  it("takes no proxy from the environment", async () => {
    const proxy = await startHttpServer(sendJson({ proxy: true }));
    const names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NODE_USE_ENV_PROXY"] as const;
    const earlier = names.map((name) => process.env[name]);
    try {
      for (const name of names) process.env[name] = name === "NODE_USE_ENV_PROXY" ? "1" : proxy.url;
      await guarded().get(server.url, { accept });
      expect(proxy.requests).to.deep.equal([]);
      expect(server.requests).to.have.length(1);
    } finally {
      names.forEach((name, position) => {
        const value = earlier[position];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      });
      await proxy.close();
    }
  });

  describe("what it makes of bad answers", () => {
    it("a redirect is an error that says so, and is not followed", async () => {
      for (const status of [301, 302, 303, 307, 308]) {
        server.requests.length = 0;
        server.answer = sendJson({}, status, { location: `${server.url}elsewhere` });
        const problem = await problemOf(guarded().get(server.url, { accept }));
        expect(problem.reason).to.equal("redirect");
        expect(problem.message).to.contain("redirect");
        expect(server.requests).to.deep.equal(["GET /"]);
      }
    });

    it("any other status than 2xx is an error that names it", async () => {
      server.answer = sendJson({ keys: [] }, 503);
      const problem = await problemOf(guarded().get(server.url, { accept }));
      expect(problem.reason).to.equal("status");
      expect(problem.message).to.contain("503");
    });

    it("silence ends with the time-out", async () => {
      server.answer = saysNothing;
      expect((await problemOf(guarded({ timeoutMs: 150 }).get(server.url, { accept }))).reason).to.equal("timeout");
    });

    it("a name service that does not answer ends with the same time-out", async () => {
      const client = guarded({ timeoutMs: 150, resolve: () => new Promise(() => undefined) });
      expect((await problemOf(client.get(server.url, { accept }))).reason).to.equal("timeout");
    });

    it("a name service that fails is a network failure", async () => {
      const client = guarded({ resolve: () => Promise.reject(new Error("SERVFAIL")) });
      expect((await problemOf(client.get(server.url, { accept }))).reason).to.equal("network");
      const empty = guarded({ resolve: async () => [] });
      expect((await problemOf(empty.get(server.url, { accept }))).reason).to.equal("address-not-allowed");
    });

    it("a body that trickles ends with the same time-out", async () => {
      server.answer = trickles;
      expect((await problemOf(guarded({ timeoutMs: 300 }).get(server.url, { accept }))).reason).to.equal("timeout");
    });

    it("a body without end stops at the limit, and the connection is closed", async () => {
      let closed: Promise<unknown> | undefined;
      server.answer = (request, response) => {
        closed = new Promise((resolve) => request.socket.once("close", resolve));
        pours(request, response);
      };
      const problem = await problemOf(guarded().get(server.url, { accept }));
      expect(problem.reason).to.equal("size");
      await closed;
    });

    it("a body announced as too large is not read, and a call may name its own limit", async () => {
      server.answer = sendJson({ long: "x".repeat(5_000) });
      expect((await problemOf(guarded({ maxBytes: 1_000 }).get(server.url, { accept }))).reason).to.equal("size");
      expect((await guarded({ maxBytes: 1_000 }).get(server.url, { accept, maxBytes: 6_000 })).status).to.equal(200);
    });

    it("a compressed body is not unpacked", async () => {
      server.answer = (_request, response) => {
        response.writeHead(200, { "content-encoding": "gzip" });
        response.end(gzipSync(Buffer.alloc(50_000_000)));
      };
      expect((await problemOf(guarded().get(server.url, { accept }))).reason).to.equal("encoding");
    });

    it("a connection cut in the middle is a network failure", async () => {
      server.answer = (request, response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write("half", () => request.socket.destroy());
      };
      expect((await problemOf(guarded().get(server.url, { accept }))).reason).to.equal("network");
    });

    it("nobody listening is a network failure", async () => {
      const gone = await startHttpsServer();
      await gone.close();
      const problem = await problemOf(guarded({ allowedHosts: [gone.host] }).get(gone.url, { accept }));
      expect(problem.reason).to.equal("network");
      expect(problem.message).to.contain("ECONNREFUSED");
    });
  });

  describe("addresses", () => {
    const never = [
      "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "fe80::1", "ff02::1",
      "2002:7f00:1::", "64:ff9b::7f00:1", "2001:0:7f00:1::", "::ffff:169.254.169.254", "not an address", "",
    ];
    const onlyWhenAllowed = [
      "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1", "::ffff:10.0.0.1",
      "::ffff:7f00:1",
    ];
    const always = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"];

    it("public ones always, private ones when settings say so, all others never", () => {
      for (const address of never) expect(isAllowedAddress(address, true), address).to.equal(false);
      for (const address of onlyWhenAllowed) {
        expect(isAllowedAddress(address, false), address).to.equal(false);
        expect(isAllowedAddress(address, true), address).to.equal(true);
      }
      for (const address of always) expect(isAllowedAddress(address, false), address).to.equal(true);
    });
  });
});
