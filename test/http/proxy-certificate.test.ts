import { expect } from "chai";
import { createHash, X509Certificate } from "node:crypto";
import { Agent } from "node:https";
import { form, type HttpsAnswer } from "../support/https-call.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp, type TlsIdentity } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";

const certificatesIn = (pem: string): X509Certificate[] => (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((one) => new X509Certificate(one));
/** A byte sequence of structured fields (RFC 8941). */
const byteSequence = (certificate: X509Certificate): string => `:${certificate.raw.toString("base64")}:`;

/** What a proxy that ends TLS adds (RFC 9440). */
function proxyHeaders({ cert }: TlsIdentity): { "client-cert": string; "client-cert-chain": string } {
  const [leaf, ...chain] = certificatesIn(cert);
  return { "client-cert": byteSequence(leaf!), "client-cert-chain": chain.map(byteSequence).join(", ") };
}

describe("client certificates that come in headers (RFC 9440)", () => {
  let directory: SandboxDirectory;
  let tpp: SandboxTpp;
  let other: SandboxTpp;
  const servers: TestServer[] = [];

  before(async () => {
    directory = await startSandboxDirectory();
    [tpp, other] = await Promise.all([directory.createTpp(), directory.createTpp()]);
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await directory.stop();
  });

  async function startBehind(trustedProxies: readonly string[], more: Readonly<Record<string, unknown>> = {}): Promise<TestServer> {
    const server = await startTestServer({ directory, settings: { trustedProxies, ...more } });
    servers.push(server);
    return server;
  }

  async function ask(server: TestServer, clientId: string, headers: Record<string, string>, identity?: TlsIdentity): Promise<HttpsAnswer> {
    const call = form({
      grant_type: "client_credentials",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: await server.assertion(tpp, clientId),
    });
    return server.call(server.url("token"), { ...call, headers: { ...call.headers, ...headers }, ...(identity ? { identity } : {}) });
  }

  describe("from a listed proxy", () => {
    let server: TestServer;
    let client: Registered;

    before(async () => {
      server = await startBehind(["127.0.0.0/8"]);
      const body = tpp.registrationBody(await tpp.statement());
      const answer = await server.post(server.url("registration"), body, { headers: proxyHeaders(tpp.tls) });
      expect(answer.status, answer.text).to.equal(201);
      const registered = answer.json();
      client = { clientId: registered.client_id, token: registered.registration_access_token, uri: registered.registration_client_uri, body: registered };
    });

    it("count, and bind the token", async () => {
      const answer = await ask(server, client.clientId, proxyHeaders(tpp.tls));
      expect(answer.status, answer.text).to.equal(200);
      const introspection = await server.call(server.url("introspection"), {
        ...form({ token: answer.json().access_token }),
        headers: { "content-type": "application/x-www-form-urlencoded", ...proxyHeaders(server.resourceServer) },
      });
      const thumbprint = createHash("sha256").update(certificatesIn(tpp.tls.cert)[0]!.raw).digest("base64url");
      expect(introspection.json()).to.deep.include({ active: true, cnf: { "x5t#S256": thumbprint } });
    });
    it("are judged like any other: forged, expired, of other software", async () => {
      const codes = { "forged-issuer": "certificate.signature", expired: "certificate.expired", "other-software": "certificate.other-client" } as const;
      for (const [kind, code] of Object.entries(codes) as [keyof typeof codes, string][]) {
        expectRefusal(await ask(server, client.clientId, proxyHeaders(await tpp.forge(kind))), 401, "invalid_client", code);
      }
    });
    it("without the intermediates there is no way to the root", async () => {
      const { "client-cert": leaf } = proxyHeaders(tpp.tls);
      expectRefusal(await ask(server, client.clientId, { "client-cert": leaf }), 401, "invalid_client", "certificate.issuer-unknown");
    });
    it("are missing: the proxy's own certificate is never the client's", async () => {
      expectRefusal(await ask(server, client.clientId, {}, tpp.tls), 401, "invalid_client", "certificate.absent");
      expectRefusal(await ask(server, client.clientId, { "client-cert-chain": proxyHeaders(tpp.tls)["client-cert-chain"] }, tpp.tls), 401, "invalid_client", "certificate.absent");
    });
    it("prevail over the proxy's own certificate, whosoever that is", async () => {
      expect((await ask(server, client.clientId, proxyHeaders(tpp.tls), other.tls)).status).to.equal(200);
      expectRefusal(await ask(server, client.clientId, proxyHeaders(other.tls), tpp.tls), 401, "invalid_client", "certificate.other-client");
    });
    it("two requests on one connection are two clients", async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      try {
        for (const [owner, status] of [[tpp, 200], [other, 401], [tpp, 200]] as const) {
          const call = form({
            grant_type: "client_credentials",
            client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            client_assertion: await server.assertion(tpp, client.clientId),
          });
          const answer = await server.call(server.url("token"), { ...call, headers: { ...call.headers, ...proxyHeaders(owner.tls) }, agent });
          expect(answer.status, answer.text).to.equal(status);
        }
      } finally {
        agent.destroy();
      }
    });
    const garbage: Record<string, string> = {
      "no byte sequence": "garbage",
      "base64 without colons": certificateText(),
      "an empty byte sequence": "::",
      "bytes that are no certificate": `:${Buffer.from("not a certificate").toString("base64")}:`,
      "half a certificate": `:${certificateText().slice(0, 200)}:`,
      "a percent-encoded PEM, as other proxies send it": "-----BEGIN%20CERTIFICATE-----%0AMIIB",
      "a PEM": "-----BEGIN CERTIFICATE-----",
      "a token": "client_certificate",
    };
    for (const [name, value] of Object.entries(garbage)) {
      it(`${name}: refused as unreadable`, async () => {
        expectRefusal(await ask(server, client.clientId, { ...proxyHeaders(tpp.tls), "client-cert": value }), 401, "invalid_client", "certificate.unreadable");
      });
    }
    it("two leaves, or a broken chain: refused as unreadable", async () => {
      const { "client-cert": leaf, "client-cert-chain": chain } = proxyHeaders(tpp.tls);
      for (const headers of [{ "client-cert": `${leaf}, ${leaf}`, "client-cert-chain": chain }, { "client-cert": leaf, "client-cert-chain": `${chain}, garbage` }]) {
        expectRefusal(await ask(server, client.clientId, headers), 401, "invalid_client", "certificate.unreadable");
      }
    });
  });

  it("that are refused count by the address that the proxy tells, and nobody waits behind one that tells none", async () => {
    const server = await startBehind(["127.0.0.0/8"], { registration: { requestsPerMinute: 2 } });
    const statusOf = async (told: Record<string, string>, identity: TlsIdentity): Promise<number> =>
      (await server.post(server.url("token"), {}, { headers: { ...proxyHeaders(identity), ...told } })).status;
    const stream = async (told: Record<string, string>): Promise<number[]> => {
      const statuses: number[] = [];
      for (let attempt = 0; attempt < 4; attempt += 1) {
        statuses.push(await statusOf(told, await tpp.forge("expired")));
      }
      return statuses;
    };
    const from = (address: string) => ({ "x-forwarded-for": address });
    expect(await stream(from("203.0.113.7"))).to.deep.equal([401, 401, 429, 429]);
    expect(await statusOf(from("203.0.113.8"), await tpp.forge("expired"))).to.equal(401);
    expect(await stream({})).to.deep.equal([401, 401, 401, 401]);
    expect(await statusOf({}, tpp.tls)).to.equal(400);
  });

  for (const trustedProxies of [[], ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]]) {
    describe(`from an address that is not listed (${trustedProxies.join(" ") || "none is"})`, () => {
      let server: TestServer;
      let client: Registered;

      before(async () => {
        server = await startBehind(trustedProxies);
        client = await server.register(tpp);
      });

      it("mean nothing without a certificate of the connection", async () => {
        expectRefusal(await ask(server, client.clientId, proxyHeaders(tpp.tls)), 401, "invalid_client", "certificate.absent");
      });
      it("mean nothing beside one: neither better nor worse", async () => {
        expect((await ask(server, client.clientId, { "client-cert": "garbage" }, tpp.tls)).status).to.equal(200);
        expectRefusal(await ask(server, client.clientId, proxyHeaders(tpp.tls), other.tls), 401, "invalid_client", "certificate.other-client");
      });
      it("make nobody a resource server", async () => {
        const call = form({ token: "x" });
        const answer = await server.call(server.url("introspection"), { ...call, headers: { ...call.headers, ...proxyHeaders(server.resourceServer) } });
        expectRefusal(answer, 401, "invalid_client", "certificate.absent");
      });
      it("nor do forwarding headers help", async () => {
        const headers = { ...proxyHeaders(tpp.tls), "x-forwarded-for": "10.0.0.1", forwarded: "for=10.0.0.1", "x-real-ip": "10.0.0.1" };
        expectRefusal(await ask(server, client.clientId, headers), 401, "invalid_client", "certificate.absent");
      });
    });
  }
});

/** Base64 of some certificate: its content does not matter. */
function certificateText(): string {
  return Buffer.alloc(600, 7).toString("base64");
}
