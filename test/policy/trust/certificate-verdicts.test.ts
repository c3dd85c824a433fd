import { mkdtempSync, rmSync } from "node:fs";
import { setTimeout as rest } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicKey, X509Certificate } from "node:crypto";
import { connect, createServer, type TLSSocket } from "node:tls";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { expect } from "chai";
import { createCrlCache, type CrlCache } from "../../../src/certs/crl-cache.ts";
import { createAuthority, issueBrseal, issueServerCertificate, type Authority } from "../../../src/certs/issue-certificate.ts";
import { issueCrl } from "../../../src/certs/issue-crl.ts";
import { createLog } from "../../../src/kernel/log.ts";
import { askForClientCertificate, tlsListenerOptions } from "../../../src/kernel/tls-options.ts";
import {
  createCertificateVerdicts,
  createSealVerdicts,
  type CertificateVerdictsNeeds,
} from "../../../src/policy/trust/certificate-verdicts.ts";
import { openLmdbStore } from "../../../src/store/lmdb-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { startCrlServer, type CrlServer } from "../../certs/crl-server.ts";
import { brcacOf, brcacRequest, day, issuingRequest, now, sharedPki, validity, type Pki } from "../../certs/test-authorities.ts";

const hour = 3_600_000;

describe("verdicts on certificates", () => {
  let pki: Pki;
  let root: Authority;
  let issuing: Authority;
  let server: CrlServer;
  let folder: string;
  let store: Store;
  let crl: CrlCache;
  let time: number;

  before(async () => {
    pki = await sharedPki();
    server = await startCrlServer();
    root = { ...pki.root, crlUrl: server.url("/root.crl") };
    issuing = { ...(await createAuthority(issuingRequest(root))), crlUrl: server.url("/issuing.crl") };
  });
  after(() => server.close());
  beforeEach(async () => {
    time = now;
    folder = mkdtempSync(join(tmpdir(), "porteiro-verdicts-"));
    store = openLmdbStore({ path: join(folder, "store"), clock: () => time });
    crl = createCrlCache({
      fetch: server.fetch,
      store,
      clock: () => time,
      log: createLog("silent"),
      sources: [],
      authorities: [],
      settings: { crlFromCertificate: true, crlMaxAgeSeconds: 172_800 },
    });
    server.calls.length = 0;
    await publish(root);
    await publish(issuing);
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const publish = async (authority: Authority, ...revoked: X509Certificate[]) => {
    const list = await issueCrl(authority, {
      revoked: revoked.map(({ serialNumber }) => ({ serialNumber, revokedAt: new Date(time) })),
      thisUpdate: new Date(time),
      nextUpdate: new Date(time + day),
      number: Math.floor(time / 1_000),
    });
    server.lies.set(new URL(authority.crlUrl!).pathname, list);
  };
  const needs = (changes: Partial<CertificateVerdictsNeeds> = {}): CertificateVerdictsNeeds => ({
    anchors: pki.anchors,
    revocation: crl,
    clock: () => time,
    whenRevocationUnknown: "refuse",
    acceptedAuthorities: [],
    log: createLog("silent"),
    ...changes,
  });
  const chain = () => [issuing.certificate];
  const codesOf = (verdict: { ok: boolean; refusals?: readonly { code: string }[] }) =>
    verdict.ok ? [] : verdict.refusals!.map(({ code }) => code);

  it("the same certificate gets the same verdict object, without another call", async () => {
    const { x509, certificatePem } = await brcacOf(issuing);
    const verdicts = createCertificateVerdicts(needs());
    await verdicts.judge(x509, chain());
    const first = await verdicts.judge(x509, chain());
    expect(first.ok).to.equal(true);
    expect(await verdicts.judge(new X509Certificate(certificatePem), chain())).to.equal(first);
    expect(server.calls.sort()).to.deep.equal(["/issuing.crl", "/root.crl"]);
  });

  it("a certificate is not judged by the chain that came with another copy of it", async () => {
    const { x509 } = await brcacOf(issuing);
    const verdicts = createCertificateVerdicts(needs());
    expect(codesOf(await verdicts.judge(x509, []))).to.deep.equal(["certificate.issuer-unknown"]);
    expect(codesOf(await verdicts.judge(x509, chain()))).to.deep.equal([]);
    expect(codesOf(await verdicts.judge(x509))).to.deep.equal(["certificate.issuer-unknown"]);
  });

  it("revoked after it was accepted: refused as soon as the new list is there", async () => {
    const { x509 } = await brcacOf(issuing);
    const verdicts = createCertificateVerdicts(needs());
    expect(codesOf(await verdicts.judge(x509, chain()))).to.deep.equal([]);
    time += hour + 1;
    await publish(issuing, x509);
    await crl.refreshDue();
    expect(codesOf(await verdicts.judge(x509, chain()))).to.deep.equal(["certificate.revoked"]);
  });

  it("a certificate that nobody refreshes for is still judged anew when its list falls due", async () => {
    const { x509 } = await brcacOf(issuing);
    const verdicts = createCertificateVerdicts(needs());
    await verdicts.judge(x509, chain());
    time += hour + 1;
    await publish(issuing, x509);
    await verdicts.judge(x509, chain());
    await crl.refreshDue();
    expect(codesOf(await verdicts.judge(x509, chain()))).to.deep.equal(["certificate.revoked"]);
  });

  it("its authority revoked: refused, and named", async () => {
    const { x509 } = await brcacOf(issuing);
    await publish(root, issuing.certificate);
    const verdict = await createCertificateVerdicts(needs()).judge(x509, chain());
    expect(codesOf(verdict)).to.deep.equal(["certificate.revoked"]);
    expect(verdict.ok ? "" : verdict.refusals[0].received).to.contain("the authority CN=AC de Teste");
  });

  it("no list of one authority: the policy decides, and a list that comes later is used", async () => {
    const { x509 } = await brcacOf(issuing);
    server.lies.delete("/root.crl");
    const strict = createCertificateVerdicts(needs());
    const lenient = createCertificateVerdicts(needs({ whenRevocationUnknown: "accept" }));
    expect(codesOf(await strict.judge(x509, chain()))).to.deep.equal(["certificate.revocation-unknown"]);
    const accepted = await lenient.judge(x509, chain());
    expect(accepted.ok && accepted.warnings.map(({ code }) => code)).to.deep.equal(["certificate.revocation-unknown"]);
    await publish(root);
    time += 31_000;
    expect(codesOf(await strict.judge(x509, chain()))).to.deep.equal([]);
  });

  it("accepted only until its end", async () => {
    const { x509 } = await brcacOf(issuing, { notAfter: new Date(now + 60_000) });
    const verdicts = createCertificateVerdicts(needs());
    expect(codesOf(await verdicts.judge(x509, chain()))).to.deep.equal([]);
    time = now + 61_000;
    expect(codesOf(await verdicts.judge(x509, chain()))).to.deep.equal(["certificate.expired"]);
  });

  it("refused only until its beginning", async () => {
    const { x509 } = await brcacOf(issuing, { notBefore: new Date(now + 60_000) });
    const verdicts = createCertificateVerdicts(needs());
    expect(codesOf(await verdicts.judge(x509, chain()))).to.deep.equal(["certificate.not-yet-valid"]);
    time = now + 61_000;
    expect(codesOf(await verdicts.judge(x509, chain()))).to.deep.equal([]);
  });

  it("none, and one that cannot be read, have verdicts too", async () => {
    const verdicts = createCertificateVerdicts(needs());
    expect(codesOf(await verdicts.judge(undefined))).to.deep.equal(["certificate.absent"]);
    expect(codesOf(await verdicts.judge("nonsense"))).to.deep.equal(["certificate.unreadable"]);
  });

  it("remembers no more verdicts than it may", async () => {
    const verdicts = createCertificateVerdicts(needs({ remembered: 1 }));
    const [one, two] = [await brcacOf(issuing), await brcacOf(issuing)];
    await verdicts.judge(one.x509, chain());
    const first = await verdicts.judge(one.x509, chain());
    await verdicts.judge(two.x509, chain());
    expect(await verdicts.judge(one.x509, chain())).not.to.equal(first);
  });

  it("whoever is refused pushes out nobody who was accepted", async () => {
    const verdicts = createCertificateVerdicts(needs({ remembered: 1 }));
    const good = await brcacOf(issuing);
    await verdicts.judge(good.x509, chain());
    const first = await verdicts.judge(good.x509, chain());
    for (let count = 0; count < 10; count += 1) {
      expect(codesOf(await verdicts.judge(`nonsense ${count}`))).to.deep.equal(["certificate.unreadable"]);
    }
    expect(await verdicts.judge(good.x509, chain())).to.equal(first);
  });

  it("refusals are remembered for few certificates, whatever order their chains come in", async () => {
    const verdicts = createCertificateVerdicts(needs());
    const { x509 } = await brcacOf(issuing);
    const first = await verdicts.judge(x509, []);
    expect(await verdicts.judge(x509, [])).to.equal(first);
    for (let count = 0; count < 200; count += 1) await verdicts.judge(x509, [`nonsense ${count}`]);
    expect(await verdicts.judge(x509, [])).not.to.equal(first);
  });

  it("no remembered verdict keeps a certificate, or the chain behind it, in memory", async () => {
    const verdicts = createCertificateVerdicts(needs());
    const { certificatePem } = await brcacOf(issuing);
    const judgedOnce = async (sent: readonly X509Certificate[]) => {
      const x509 = new X509Certificate(certificatePem);
      const verdict = await verdicts.judge(x509, sent);
      return { verdict, gone: new WeakRef(x509) };
    };
    const [accepted, refused] = [await judgedOnce(chain()), await judgedOnce([])];
    expect([accepted.verdict.ok, refused.verdict.ok]).to.deep.equal([true, false]);
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    for (let turn = 0; turn < 20 && (accepted.gone.deref() ?? refused.gone.deref()); turn += 1) {
      await rest(5);
      collect();
    }
    expect([accepted.gone.deref(), refused.gone.deref()]).to.deep.equal([undefined, undefined]);
  });

  it("what is accepted with a warning is logged once for each new verdict", async () => {
    const lines: Record<string, unknown>[] = [];
    const log = createLog("warn", { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
    server.lies.delete("/root.crl");
    const verdicts = createCertificateVerdicts(needs({ whenRevocationUnknown: "accept", log }));
    const { x509 } = await brcacOf(issuing, { notAfter: new Date(now + day) });
    await verdicts.judge(x509, chain());
    await verdicts.judge(x509, chain());
    const [line, ...more] = lines;
    expect(more.length).to.be.lessThan(2);
    expect(line).to.include({ msg: "a certificate was accepted with warnings" });
    expect(line?.["certificate"]).to.match(/^[\w-]{43}$/);
    expect(String(line?.["warnings"])).to.match(/certificate\.expires-soon: .*certificate\.revocation-unknown: /);
  });

  it("BRSEAL certificates are judged by their own rules", async () => {
    const seals = createSealVerdicts(needs());
    const seal = await issueBrseal(issuing, brcacRequest);
    const verdict = await seals.judge(seal.certificatePem, [issuing.certificatePem]);
    expect(verdict.ok && verdict.brseal.organisationId).to.equal(brcacRequest.organisationId);
    const { x509 } = await brcacOf(issuing);
    expect(codesOf(await seals.judge(x509, chain()))).to.deep.equal(["certificate.key-usage"]);
  });

  it("a certificate on its socket: its intermediates come with it, and the warm verdict needs no waiting", async () => {
    const tls = await issueServerCertificate(root, { hosts: ["localhost"], ...validity });
    const brcac = await brcacOf(issuing);
    const listener = createServer({
      ...tlsListenerOptions({ certPem: tls.certificatePem, keyPem: tls.privateKeyPem }),
      ...askForClientCertificate,
    }).listen(0, "127.0.0.1");
    await once(listener, "listening");
    // A listening TCP server has an address of this form.
    const { port } = listener.address() as AddressInfo;
    const client = connect({
      port,
      host: "127.0.0.1",
      cert: brcac.certificatePem + brcac.chainPem,
      key: brcac.privateKeyPem,
      rejectUnauthorized: false,
    });
    try {
      const [socket] = (await once(listener, "secureConnection")) as [TLSSocket];
      const certificate = socket.getPeerX509Certificate()!;
      expect(createPublicKey(brcac.privateKeyPem).equals(certificate.publicKey)).to.equal(true);
      const verdicts = createCertificateVerdicts(needs());
      expect(verdicts.remembered(certificate)).to.equal(undefined);
      await verdicts.judge(certificate);
      const verdict = await verdicts.judge(certificate);
      expect(codesOf(verdict)).to.deep.equal([]);
      expect(verdicts.remembered(certificate)).to.equal(verdict);
      time += hour + 1;
      expect(verdicts.remembered(certificate)).to.equal(undefined);
    } finally {
      client.destroy();
      listener.close();
    }
  });
});
