import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:https";
import { get } from "node:http";
import { connect } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { loadOrCreateLocalAuthority } from "../../src/certs/local-authority.ts";
import { createTpp } from "../../src/cli/create-tpp.ts";
import { openDirectoryClient } from "../../src/cli/directory-client.ts";
import { json, tppSchema } from "../../src/cli/tpp-folder.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { createLog } from "../../src/kernel/log.ts";
import { directorySettingsSchema } from "../../src/sandbox/directory-settings.ts";
import { startDirectory, type RunningDirectory } from "../../src/sandbox/start-directory.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";

const domain = "sandbox.directory.openbankingbrasil.org.br";

describe("the directory under the real sandbox's host names, on one listener", () => {
  let folder: string;
  let running: RunningDirectory;
  let port: number;
  let caPem: string;
  let caFile: string;
  let stop: () => Promise<void>;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "porteiro-real-names-"));
    const store = openLmdbStore({ path: join(folder, "store"), clock: systemClock });
    const localAuthority = await loadOrCreateLocalAuthority({ folder, clock: systemClock });
    ({ caPem, caFile } = localAuthority);
    // A free port stands in for 443: the URLs show 443 all the same.
    const free = await freePort();
    running = await startDirectory({
      store,
      clock: systemClock,
      settings: directorySettingsSchema.parse({ realHostNames: true, publicPort: free, crlPort: 0 }),
      log: createLog("fatal"),
      localAuthority,
      anchorsFolder: join(folder, "directory"),
    });
    port = free;
    stop = async () => {
      await running.stop();
      await store.close();
      rmSync(folder, { recursive: true });
    };
  });
  after(() => stop());

  async function freePort(): Promise<number> {
    const { createServer } = await import("node:net");
    return new Promise((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
      });
    });
  }

  /** Calls a URL as if its host name resolved to the listener. */
  function call(url: string, options: { method?: string; headers?: Record<string, string>; body?: string; cert?: string; key?: string } = {}) {
    const { hostname, pathname } = new URL(url);
    const { method = "GET", headers = {}, body, cert, key } = options;
    const agent = new Agent({ ca: caPem, cert, key });
    return new Promise<{ status: number; text: string }>((resolve, reject) => {
      const sent = request(
        { host: "127.0.0.1", port, servername: hostname, path: pathname, method, headers: { Host: hostname, ...headers }, agent },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (part: string) => (text += part));
          response.on("end", () => {
            agent.destroy();
            resolve({ status: response.statusCode ?? 0, text });
          });
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }

  it("shows the URLs that the suite compares literally", async () => {
    const discovery = await call(`https://auth.${domain}/.well-known/openid-configuration`);
    expect(JSON.parse(discovery.text)).to.deep.equal({
      issuer: `https://auth.${domain}`,
      authorization_endpoint: `https://auth.${domain}/auth`,
      token_endpoint: `https://matls-auth.${domain}/token`,
      jwks_uri: `https://auth.${domain}/jwks`,
      mtls_endpoint_aliases: { token_endpoint: `https://matls-auth.${domain}/token` },
    });
  });

  it("gives a TPP token, statement and keys, each under its host", async () => {
    const client = await openDirectoryClient(`https://localhost:${port}`, caFile);
    const server = { issuer: "https://as.example", registrationEndpoint: "https://as.example/r", tokenEndpoint: "https://as.example/t" };
    const files = await createTpp({ client, directoryUrl: `https://localhost:${port}`, caPem, server }, {});
    const tpp = tppSchema.parse(json(files["tpp.json"]));
    expect(tpp.jwks_uri).to.equal(`https://keystore.${domain}/${tpp.organisation_id}/${tpp.software_id}/application.jwks`);
    const identity = { cert: files["client.crt"], key: files["client.key"] };
    const form = new URLSearchParams({ grant_type: "client_credentials", scope: "directory:software", client_id: tpp.directory.client_id });
    const token = await call(tpp.directory.token_endpoint, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: form.toString(),
      ...identity,
    });
    expect(token.status).to.equal(200);
    const { access_token: accessToken } = JSON.parse(token.text) as { access_token: string };
    expect(tpp.directory.assertion_url.startsWith(`https://matls-api.${domain}/organisations/`)).to.equal(true);
    const statement = await call(tpp.directory.assertion_url, { headers: { Authorization: `Bearer ${accessToken}` }, ...identity });
    expect(statement.text).to.match(/^[A-Za-z0-9_.-]+$/);
    expect(JSON.parse((await call(tpp.jwks_uri)).text).keys).to.have.length(2);
  });

  it("answers each path under its own host only", async () => {
    expect((await call(`https://keystore.${domain}/openbanking.jwks`)).status).to.equal(200);
    expect((await call(`https://auth.${domain}/openbanking.jwks`)).status).to.equal(404);
    expect((await call(`https://keystore.${domain}/.well-known/openid-configuration`)).status).to.equal(404);
  });

  it("has one certificate for all four names, on TLS 1.2 and 1.3 only", async () => {
    for (const name of ["auth", "matls-auth", "matls-api", "keystore"]) {
      const authorized = await new Promise<boolean>((resolve, reject) => {
        const socket = connect({ host: "127.0.0.1", port, servername: `${name}.${domain}`, ca: caPem }, () => {
          resolve(socket.authorized);
          socket.destroy();
        });
        socket.on("error", reject);
      });
      expect(authorized, name).to.equal(true);
    }
  });

  it("serves revocation lists over plain http where settings ask, as real authorities do", async () => {
    expect(running.urls.crl).to.match(/^http:\/\/localhost:\d+\/crl$/);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      get(`${running.urls.crl}/ac-ssl.crl`, { agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on("error", reject);
    });
    expect(status).to.equal(200);
  });
});
