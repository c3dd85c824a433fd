import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { runPorteiro } from "../cli/run-porteiro.ts";
import { startRedis, type RedisServers } from "../support/redis-servers.ts";
import { startSandboxDirectory, type SandboxDirectory } from "../support/sandbox.ts";
import { freePorts, startTestServer, type TestServer } from "../support/server.ts";
import { environmentOf } from "../support/server-process.ts";

const root = resolve(import.meta.dirname, "../..");
const noAnchors = { PORTEIRO_CERTIFICATES_BRCAC_ANCHORS: "/no/such/file.pem" };

describe("a start that fails ends, with 1 and one sentence", function () {
  this.timeout(60_000);
  let directory: SandboxDirectory;
  let redis: RedisServers<"standalone">;
  /** Has made the signing keys under its own encryption key; runs no more. */
  let onLmdb: TestServer;
  let onRedis: TestServer;

  before(async () => {
    directory = await startSandboxDirectory();
    redis = await startRedis();
    onLmdb = await startTestServer({ directory });
    await onLmdb.stop();
    onRedis = await startTestServer({ directory, settings: { store: { kind: "redis", redis: { url: redis.connection.url } } } });
    await onRedis.stop();
  });
  after(async () => {
    await redis.stop();
    await directory.stop();
  });

  const serve = (server: TestServer, change: Readonly<Record<string, string>>) => runPorteiro({ ...environmentOf(server.settings), ...change }, "serve");

  for (const listener of ["public", "mtls", "ops"] as const) {
    it(`the port of the ${listener} listener is taken: it is named, and the others are free again`, async () => {
      const taken = createServer().listen(0, "127.0.0.1");
      await once(taken, "listening");
      const { port } = taken.address() as AddressInfo;
      const { code, out, err } = await serve(onLmdb, { [`PORTEIRO_LISTENERS_${listener.toUpperCase()}_PORT`]: String(port) });
      taken.close();
      expect({ code, out }).to.deep.equal({ code: 1, out: "" });
      expect(err).to.equal(`porteiro: cannot listen on port ${port} of 127.0.0.1: another process has it; end that process, or give another with listeners.${listener}\n`);
    });
  }

  it("on Redis, no anchors", async () => {
    const { code, err } = await serve(onRedis, noAnchors);
    expect(code).to.equal(1);
    expect(err).to.match(/^porteiro: settings are not usable:\n  - certificates\.brcacAnchors: \/no\/such\/file\.pem: expected a PEM file/);
  });

  it("on Redis, another encryption key than the store's", async () => {
    const { code, err } = await serve(onRedis, { PORTEIRO_SECRETS_ENCRYPTION_KEY_FILE: join(directory.folder, "another.key") });
    expect(code).to.equal(1);
    expect(err).to.match(/^porteiro: the server.s signing keys in the store cannot be opened: they were sealed under another encryption key[^\n]+\n$/);
  });

  it("the doctor's too, with its 2", async () => {
    const { code, err } = await runPorteiro({ ...environmentOf(onRedis.settings), ...noAnchors }, "doctor", "--cert", directory.localAuthority.caFile);
    expect(code).to.equal(2);
    expect(err).to.match(/^porteiro: \/no\/such\/file\.pem: expected[^\n]*\n$/);
  });

  it("in one process with others it leaves nothing open: the next start has the same ports", async () => {
    const again = await startTestServer({ directory, settings: { ...onLmdb.settings } });
    await again.stop();
  });
});

describe("a sandbox that is asked to stop while it starts", function () {
  this.timeout(60_000);
  it("leaves no part of it running", async () => {
    const [port = 0] = await freePorts(1);
    const directory = await startSandboxDirectory();
    const words = ["sandbox", "--real-host-names", "--real-host-names-port", String(port), "--directory-store", join(directory.folder, "other")];
    const child = spawn(join(root, "scripts/porteiro"), words, { stdio: ["ignore", "ignore", "pipe"], env: { PATH: process.env["PATH"] }, detached: true });
    const ended = once(child, "exit");
    await new Promise<void>((done) => {
      createInterface({ input: child.stderr }).on("line", (line) => line.startsWith("starting the directory") && done());
    });
    // The directory's process is there by then, and not ready for a good while yet.
    child.kill("SIGTERM");
    expect((await ended)[0]).to.equal(0);
    expect(() => process.kill(-Number(child.pid), 0), "some of its group is left").to.throw(/ESRCH/);
    await directory.stop();
  });
});
