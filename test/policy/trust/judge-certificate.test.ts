import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { expect } from "chai";
import { buildCertificate } from "../../../src/certs/build-certificate.ts";
import { readCertificate } from "../../../src/certs/certificate.ts";
import { createAuthority, issueBrcac, issueBrseal, type Authority } from "../../../src/certs/issue-certificate.ts";
import type { Revocation } from "../../../src/certs/revocation.ts";
import { createTrustAnchors } from "../../../src/certs/trust-anchors.ts";
import { gatherCertificateFacts, type CertificateInput } from "../../../src/policy/trust/certificate-facts.ts";
import { judgeCertificate, judgeSealCertificate } from "../../../src/policy/trust/judge-certificate.ts";
import {
  brcacOf,
  brcacRequest,
  day,
  issuingRequest,
  now,
  organisationId,
  rootRequest,
  sharedPki,
  softwareId,
  type Pki,
} from "../../certs/test-authorities.ts";

const notRevoked: Revocation = { state: "good", asOf: now, stale: false, recheckAt: now + day };

describe("judging a BRCAC", () => {
  let pki: Pki;
  let foreign: Authority;
  before(async () => {
    pki = await sharedPki();
    foreign = await createAuthority(rootRequest({ subject: { commonName: "Raiz Estrangeira" } }));
  });

  interface Changes {
    readonly at?: number;
    readonly anchors?: Pki["anchors"];
    readonly revocation?: Revocation;
    readonly whenRevocationUnknown?: "refuse" | "accept";
    readonly acceptedAuthorities?: readonly string[];
  }
  const gathered = (leaf: CertificateInput | undefined, sent: CertificateInput[], changes: Changes = {}) =>
    gatherCertificateFacts(
      {
        anchors: changes.anchors ?? pki.anchors,
        clock: () => changes.at ?? now,
        whenRevocationUnknown: changes.whenRevocationUnknown ?? "refuse",
        acceptedAuthorities: changes.acceptedAuthorities ?? [],
        revocation: { generation: () => 0, revocationOf: async () => changes.revocation ?? notRevoked },
      },
      leaf,
      sent,
    );
  const judged = async (...input: Parameters<typeof gathered>) => judgeCertificate(await gathered(...input));
  const codes = async (...input: Parameters<typeof gathered>) => {
    const verdict = await judged(...input);
    return verdict.ok ? [] : verdict.refusals.map(({ code }) => code);
  };
  const pathOf = async (...input: Parameters<typeof gathered>) => {
    const facts = await gathered(...input);
    return facts.state === "read" && facts.facts.chain.ok ? facts.facts.chain.path.map(({ x509 }) => x509.raw) : [];
  };
  const sent = () => [pki.issuing.certificate];

  it("accepts one as the standard describes it, without a warning", async () => {
    const { x509 } = await brcacOf(pki.issuing);
    const verdict = await judged(x509, sent());
    expect(verdict.ok).to.equal(true);
    if (!verdict.ok) return;
    expect(verdict.brcac).to.deep.equal({
      softwareId,
      organisationId,
      cnpj: "43142666000197",
      generation: "organizationIdentifier",
    });
    expect(verdict.warnings).to.deep.equal([]);
    expect(await pathOf(x509, sent())).to.deep.equal([x509, pki.issuing.certificate, pki.root.certificate].map(({ raw }) => raw));
  });

  it("accepts PEM and DER alike", async () => {
    const { certificatePem, x509 } = await brcacOf(pki.issuing);
    for (const input of [certificatePem, Buffer.from(certificatePem), x509.raw]) {
      expect((await judged(input, [pki.issuing.certificatePem])).ok).to.equal(true);
    }
  });

  it("completes a chain that comes without its intermediate", async () => {
    const { x509 } = await brcacOf(pki.issuing);
    const { issuing, root } = pki;
    const anchors = createTrustAnchors([readCertificate(root.certificate)], [readCertificate(issuing.certificate)]);
    expect((await judged(x509, [], { anchors })).ok).to.equal(true);
    expect(await codes(x509, [])).to.deep.equal(["certificate.issuer-unknown"]);
  });

  it("none at all: certificate.absent", async () => {
    expect(await codes(undefined, [])).to.deep.equal(["certificate.absent"]);
  });

  it("garbage: certificate.unreadable", async () => {
    expect(await codes("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", [])).to.deep.equal([
      "certificate.unreadable",
    ]);
    expect(await codes(Buffer.alloc(0), [])).to.deep.equal(["certificate.unreadable"]);
  });

  it("an unreadable further certificate harms nobody", async () => {
    const { x509 } = await brcacOf(pki.issuing);
    expect((await judged(x509, ["nonsense", ...sent()])).ok).to.equal(true);
  });

  it("EC key: certificate.key-type", async () => {
    const { x509 } = await brcacOf(pki.issuing, { keyType: "ec" });
    expect(await codes(x509, sent())).to.deep.equal(["certificate.key-type"]);
  });

  it("RSA 1024: certificate.key-size", async () => {
    const { x509 } = await brcacOf(pki.issuing, { keySize: 1024 });
    expect(await codes(x509, sent())).to.deep.equal(["certificate.key-size"]);
  });

  it("SHA-1: certificate.digest", async () => {
    const { x509 } = await brcacOf(pki.issuing, { digest: "sha1" });
    expect(await codes(x509, sent())).to.deep.equal(["certificate.digest"]);
  });

  it("SHA-512, as real authorities sign, is welcome", async () => {
    const { x509 } = await brcacOf(pki.issuing, { digest: "sha512" });
    expect(await codes(x509, sent())).to.deep.equal([]);
  });

  it("before its time: certificate.not-yet-valid", async () => {
    const { x509 } = await brcacOf(pki.issuing, { notBefore: new Date(now + day) });
    expect(await codes(x509, sent())).to.deep.equal(["certificate.not-yet-valid"]);
  });

  it("after its time: certificate.expired", async () => {
    const { x509 } = await brcacOf(pki.issuing, { notAfter: new Date(now - day) });
    expect(await codes(x509, sent())).to.deep.equal(["certificate.expired"]);
  });

  it("the usages of a BRSEAL: certificate.key-usage", async () => {
    const { x509 } = await brcacOf(pki.issuing, { keyUsage: ["digitalSignature", "nonRepudiation"] });
    expect(await codes(x509, sent())).to.deep.equal(["certificate.key-usage"]);
  });

  it("a server's certificate: certificate.extended-key-usage", async () => {
    const { x509 } = await brcacOf(pki.issuing, { extendedKeyUsage: ["serverAuth"] });
    expect(await codes(x509, sent())).to.deep.equal(["certificate.extended-key-usage"]);
  });

  it("a foreign root, sent along or not: certificate.issuer-unknown", async () => {
    const { x509 } = await brcacOf(foreign);
    expect(await codes(x509, [])).to.deep.equal(["certificate.issuer-unknown"]);
    expect(await codes(x509, [foreign.certificate])).to.deep.equal(["certificate.issuer-unknown"]);
  });

  it("an authority of a foreign root: certificate.issuer-unknown", async () => {
    const authority = await createAuthority(issuingRequest(foreign, { subject: { commonName: "AC Estrangeira" } }));
    const { x509 } = await brcacOf(authority);
    expect(await codes(x509, [authority.certificate, foreign.certificate])).to.deep.equal(["certificate.issuer-unknown"]);
  });

  it("a forger's root that copies every field of the real one: certificate.signature", async () => {
    const twin = await createAuthority(rootRequest());
    const { x509 } = await brcacOf(twin);
    expect(await codes(x509, [])).to.deep.equal(["certificate.signature"]);
    expect(await codes(x509, [twin.certificate])).to.deep.equal(["certificate.signature"]);
  });

  it("a forger's authority that copies every field of the real one, under a copied root: certificate.signature", async () => {
    const twinRoot = await createAuthority(rootRequest());
    const twin = await createAuthority(issuingRequest(twinRoot));
    const { x509 } = await brcacOf(twin);
    for (const further of [[], [twin.certificate, twinRoot.certificate], [pki.issuing.certificate, twin.certificate]]) {
      const anchors = createTrustAnchors(
        [readCertificate(pki.root.certificate)],
        [readCertificate(pki.issuing.certificate)],
      );
      expect(await codes(x509, further, { anchors })).to.deep.equal(["certificate.signature"]);
    }
  });

  it("a forger's authority that says it comes from the real root: certificate.signature", async () => {
    const forgersKey = createPrivateKey((await createAuthority(rootRequest())).privateKeyPem);
    const forged = await createAuthority(issuingRequest({ ...pki.root, privateKey: forgersKey }));
    const { x509 } = await brcacOf(forged);
    const verdict = await judged(x509, [forged.certificate]);
    expect(verdict.ok ? [] : verdict.refusals).to.deep.equal([
      {
        code: "certificate.signature",
        expected: "a signature made by the issuer that the certificate names",
        received: "not signed by the key of CN=Raiz de Teste,O=ICP-Brasil,C=BR",
      },
    ]);
  });

  it("two real authorities of one name: the one that signed is found by its key", async () => {
    const second = await createAuthority(issuingRequest(pki.root));
    const anchors = createTrustAnchors(
      [readCertificate(pki.root.certificate)],
      [readCertificate(pki.issuing.certificate), readCertificate(second.certificate)],
    );
    for (const authority of [pki.issuing, second]) {
      const path = await pathOf((await brcacOf(authority)).x509, [], { anchors });
      expect(path[1]).to.deep.equal(authority.certificate.raw);
    }
  });

  it("two real roots of one name: both are anchors", async () => {
    const second = await createAuthority(rootRequest());
    const anchors = createTrustAnchors([readCertificate(pki.root.certificate), readCertificate(second.certificate)]);
    for (const authority of [pki.root, second]) {
      expect(await codes((await brcacOf(authority)).x509, [], { anchors })).to.deep.equal([]);
    }
  });

  describe("certificate.issuer-invalid", () => {
    const expectInvalid = async (authority: Authority, words: string, leaf?: CertificateInput) => {
      const verdict = await judged(leaf ?? (await brcacOf(authority)).x509, [authority.certificate, pki.issuing.certificate]);
      expect(verdict.ok ? [] : verdict.refusals.map(({ code }) => code)).to.deep.equal(["certificate.issuer-invalid"]);
      expect(verdict.ok ? "" : verdict.refusals[0].received).to.contain(words);
    };

    it("an expired authority", async () => {
      const authority = await createAuthority(issuingRequest(pki.root, { notAfter: new Date(now - day) }));
      await expectInvalid(authority, "is expired");
    });

    it("an authority from the future", async () => {
      const authority = await createAuthority(issuingRequest(pki.root, { notBefore: new Date(now + day) }));
      await expectInvalid(authority, "is not valid yet");
    });

    it("an authority with a short key", async () => {
      await expectInvalid(await createAuthority(issuingRequest(pki.root, { keySize: 1024 })), "under 2048 bits");
    });

    it("an authority certified with SHA-1", async () => {
      await expectInvalid(await createAuthority(issuingRequest(pki.root, { digest: "sha1" })), "weaker than SHA-256");
    });

    it("an authority below one that allows none below it", async () => {
      const closed = await createAuthority(issuingRequest(pki.root, { pathLength: 0 }));
      const below = await createAuthority(issuingRequest(closed, { subject: { commonName: "AC Abaixo" } }));
      const { x509 } = await brcacOf(below);
      const verdict = await judged(x509, [below.certificate, closed.certificate]);
      expect(verdict.ok ? "" : verdict.refusals[0].received).to.contain("allows fewer authorities below it");
    });

    it("a TPP that plays authority with its genuine BRCAC", async () => {
      const tpp = await brcacOf(pki.issuing);
      const posing: Authority = {
        ...pki.issuing,
        certificate: tpp.x509,
        privateKey: createPrivateKey(tpp.privateKeyPem),
      };
      await expectInvalid(posing, "is not a certificate authority, lacks keyUsage keyCertSign");
    });
  });

  it("an authority that is none of the accepted ones: certificate.authority-not-accepted, with both", async () => {
    const { x509 } = await brcacOf(pki.issuing);
    expect(await codes(x509, sent(), { acceptedAuthorities: ["Outra", "TESTE"] })).to.deep.equal([]);
    // The name of the root, or of the holder, counts for nothing.
    for (const name of ["Raiz", "Test", "tpp", "Padaria"]) {
      const verdict = await judged(x509, sent(), { acceptedAuthorities: [name] });
      expect(verdict.ok ? [] : verdict.refusals).to.deep.equal([
        { code: "certificate.authority-not-accepted", expected: `an authority of ${name}`, received: "issued by CN=AC de Teste,O=ICP-Brasil,C=BR" },
      ]);
    }
    expect(await codes(x509, [], { acceptedAuthorities: ["Outra"] })).to.deep.equal(["certificate.issuer-unknown"]);
  });

  it("revoked: certificate.revoked with the day and the reason", async () => {
    const { x509 } = await brcacOf(pki.issuing);
    const revocation: Revocation = { state: "revoked", asOf: now, at: now - day, reason: "keyCompromise", recheckAt: now };
    const verdict = await judged(x509, sent(), { revocation });
    expect(verdict.ok ? [] : verdict.refusals.map(({ code }) => code)).to.deep.equal(["certificate.revoked"]);
    expect(verdict.ok ? "" : verdict.refusals[0].received).to.equal(
      "revoked at 2026-06-14T12:00:00.000Z, keyCompromise: the certificate",
    );
  });

  it("revocation unknown: refused or accepted with a warning, as the policy says", async () => {
    const { x509 } = await brcacOf(pki.issuing);
    const revocation: Revocation = { state: "unknown", why: "no list", recheckAt: now };
    expect(await codes(x509, sent(), { revocation })).to.deep.equal(["certificate.revocation-unknown"]);
    const verdict = await judged(x509, sent(), { revocation, whenRevocationUnknown: "accept" });
    expect(verdict.ok && verdict.warnings.map(({ code }) => code)).to.include("certificate.revocation-unknown");
  });

  it("no UID: brcac.software-id-missing; no organisation: brcac.organisation-id-missing", async () => {
    const seal = await issueBrseal(pki.issuing, {
      ...brcacRequest,
      keyUsage: ["digitalSignature", "keyEncipherment"],
      extendedKeyUsage: ["clientAuth"],
    });
    expect(await codes(seal.x509, sent())).to.deep.equal(["brcac.organisation-id-missing"]);
    const bare = buildCertificate(
      {
        subject: [{ oid: "2.5.4.97", value: `OFBBR-${organisationId}`, encoding: "utf8" }],
        publicKey: seal.x509.publicKey,
        notBefore: brcacRequest.notBefore,
        notAfter: brcacRequest.notAfter,
        keyUsage: ["digitalSignature", "keyEncipherment"],
        extendedKeyUsage: ["clientAuth"],
      },
      { privateKey: pki.issuing.privateKey, certificate: pki.issuing.certificate, digest: "sha256" },
    );
    expect(await codes(bare, sent())).to.deep.equal(["brcac.software-id-missing"]);
  });

  it("everything that is wrong is listed together, in order", async () => {
    const { x509 } = await issueBrseal(foreign, {
      ...brcacRequest,
      notAfter: new Date(now - day),
      keySize: 1024,
      digest: "sha1",
    });
    expect(await codes(x509, [])).to.deep.equal([
      "certificate.key-size",
      "certificate.digest",
      "certificate.expired",
      "certificate.key-usage",
      "certificate.extended-key-usage",
      "certificate.issuer-unknown",
      "brcac.organisation-id-missing",
    ]);
  });

  it("warns of the end, of a lean subject, of OU and of a host name that is not the CN", async () => {
    const old = new Date("2022-06-01T00:00:00Z");
    const root = await createAuthority(rootRequest({ notBefore: old }));
    const { x509 } = await issueBrcac(root, {
      ...brcacRequest,
      notBefore: old,
      notAfter: new Date(now + day),
      generation: "organizationalUnit",
      attributeOrder: "before-2022",
    });
    const verdict = await judged(x509, [], { anchors: createTrustAnchors([readCertificate(root.certificate)]) });
    expect(verdict.ok && verdict.brcac.organisationId).to.equal(organisationId);
    expect(verdict.ok && verdict.warnings.map(({ code }) => code)).to.deep.equal([
      "certificate.expires-soon",
      "brcac.organisation-in-unit",
    ]);
    const lean = buildCertificate(
      {
        subject: [
          { oid: "2.5.4.97", value: `OFBBR-${organisationId}`, encoding: "printable" },
          { oid: "0.9.2342.19200300.100.1.1", value: softwareId, encoding: "utf8" },
          { oid: "2.5.4.3", value: "https://web.example", encoding: "utf8" },
        ],
        publicKey: x509.publicKey,
        notBefore: brcacRequest.notBefore,
        notAfter: brcacRequest.notAfter,
        keyUsage: ["digitalSignature", "keyEncipherment"],
        extendedKeyUsage: ["clientAuth"],
      },
      { privateKey: pki.issuing.privateKey, certificate: pki.issuing.certificate, digest: "sha256" },
    );
    const leanVerdict = await judged(lean, sent());
    expect(leanVerdict.ok && leanVerdict.warnings).to.deep.equal([
      {
        code: "brcac.subject-incomplete",
        message: "the subject lacks businessCategory, jurisdictionCountryName, serialNumber, C, O, ST, L",
      },
      { code: "brcac.other-host-name", message: "no dNSName of the certificate is its CN, https://web.example" },
    ]);
  });

  it("work stays bounded when a peer sends many authorities of one name", async () => {
    const twins: X509Certificate[] = [];
    const { privateKey } = await createAuthority(rootRequest());
    for (let made = 0; made < 60; made += 1) {
      const twin = await createAuthority({ ...rootRequest(), subject: { commonName: "AC Laco" }, privateKey });
      twins.push(twin.certificate);
    }
    const { x509 } = await brcacOf(await createAuthority({ ...rootRequest(), subject: { commonName: "AC Laco" }, privateKey }));
    const { verify } = X509Certificate.prototype;
    let verifications = 0;
    X509Certificate.prototype.verify = function counted(key) {
      verifications += 1;
      return verify.call(this, key);
    };
    try {
      expect(await codes(x509, twins)).to.deep.equal(["certificate.issuer-unknown"]);
    } finally {
      X509Certificate.prototype.verify = verify;
    }
    expect(verifications).to.equal(12);
  });

  it("a sent authority whose key is slow to verify with counts as not sent", async () => {
    const slow = await createAuthority({ ...rootRequest(), subject: { commonName: "AC Lenta" } });
    const { x509 } = await brcacOf(slow);
    const modulus = (bits: number) => Buffer.alloc(bits / 8, 0xff).toString("base64url");
    const keys = [
      { kty: "RSA", n: modulus(16_384), e: "AQAB" },
      { kty: "RSA", n: modulus(3_072), e: modulus(2_048) },
    ].map((key) => createPublicKey({ format: "jwk", key }));
    for (const publicKey of keys) {
      const { notBefore, notAfter } = brcacRequest;
      const subject = [
        { oid: "2.5.4.6", value: "BR", encoding: "printable" },
        { oid: "2.5.4.10", value: "ICP-Brasil", encoding: "utf8" },
        { oid: "2.5.4.3", value: "AC Lenta", encoding: "utf8" },
      ] as const;
      const sentOne = buildCertificate({ subject, publicKey, notBefore, notAfter, keyUsage: ["keyCertSign"] }, { ...slow, digest: "sha256" });
      expect(readCertificate(sentOne).subjectKey).to.equal(readCertificate(x509).issuerKey);
      expect(await codes(x509, [sentOne])).to.deep.equal(["certificate.issuer-unknown"]);
    }
  });
});

describe("judging a BRSEAL", () => {
  const seal = async (leaf: X509Certificate) => {
    const { anchors, issuing } = await sharedPki();
    const needs = {
      anchors,
      clock: () => now,
      whenRevocationUnknown: "refuse" as const,
      acceptedAuthorities: [],
      revocation: { generation: () => 0, revocationOf: async () => notRevoked },
    };
    return judgeSealCertificate(await gatherCertificateFacts(needs, leaf, [issuing.certificate]));
  };

  it("accepts one as the standard describes it, and names the organisation", async () => {
    const { issuing } = await sharedPki();
    const verdict = await seal((await issueBrseal(issuing, brcacRequest)).x509);
    expect(verdict.ok && verdict.brseal).to.deep.equal({ organisationId, legalName: "Padaria Financas SA" });
  });

  it("refuses a BRCAC in its place: certificate.key-usage", async () => {
    const { issuing } = await sharedPki();
    const verdict = await seal((await brcacOf(issuing)).x509);
    expect(verdict.ok ? [] : verdict.refusals.map(({ code }) => code)).to.deep.equal(["certificate.key-usage"]);
  });
});
