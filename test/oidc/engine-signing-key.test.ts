import { expect } from "chai";
import { constants, createPublicKey, verify } from "node:crypto";
import { decodeProtectedHeader, type JWK } from "jose";
import instance from "oidc-provider/lib/helpers/weak_cache.js";
import { makeKey } from "../../src/certs/issue-certificate.ts";
import { createProvider, type ProviderNeeds } from "../../src/oidc/create-provider.ts";
import { openFinanceRealm } from "../../src/oidc/endpoints.ts";
import { EngineSigningKey } from "../../src/oidc/engine-signing-key.ts";
import { readCompactJws } from "../../src/kernel/compact-jws.ts";

type Provider = ReturnType<typeof createProvider>;

/** What we rely on in the engine's experiment with keys that sign by themselves: a release that changes it fails here. */
describe("the engine asks our key for signatures", () => {
  let jwk: JWK;
  let provider: Provider;
  const printed: string[] = [];

  before(async () => {
    jwk = { ...(await makeKey()).export({ format: "jwk" }), kid: "our-kid", use: "sig", alg: "PS256" };
    provider = printing(printed, () => providerWith(jwk));
  });

  it("once for an ID token, over its two parts, under the key's kid and alg, and sends the answer as its signature", async () => {
    const asked: string[] = [];
    const token = await signing((data) => (asked.push(Buffer.from(data).toString()), Buffer.from("by an HSM")), () => idToken(provider));
    const [header, payload, signature] = token.split(".");
    expect(asked).to.deep.equal([`${header}.${payload}`]);
    expect(Buffer.from(signature!, "base64url").toString()).to.equal("by an HSM");
    expect(decodeProtectedHeader(token)).to.deep.equal({ alg: "PS256", kid: "our-kid" });
  });

  it("and waits for an answer that comes later", async () => {
    const token = await signing(async () => Buffer.from("by a KMS"), () => idToken(provider));
    expect(Buffer.from(token.split(".")[2]!, "base64url").toString()).to.equal("by a KMS");
  });

  it("the signature's salt is 32 bytes (RFC 7518 3.5)", async () => {
    const { signed, signature } = readCompactJws(await idToken(provider))!;
    const byOurKey = (saltLength: number) =>
      verify("sha256", signed, { key: createPublicKey({ key: jwk as Record<string, unknown>, format: "jwk" }), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, signature);
    expect([32, 20, 222].map(byOurKey)).to.deep.equal([true, false, false]);
  });

  it("the engine verifies its own ID tokens, as hints, with the public key that ours gives", async () => {
    const token = await idToken(provider);
    const validate = (hint: string) => (provider as unknown as Engine).IdToken.validate(hint, clientOf(provider)).then(() => true, () => false);
    expect(await validate(token)).to.equal(true);
    expect(await validate(token.slice(0, -8))).to.equal(false);
  });

  it("holds no private member, whether by itself or in the key it was given", () => {
    const { keystore, jwks } = instance(provider) as unknown as { keystore: Iterable<object>; jwks: object };
    const held = [...keystore];
    expect(held.map((key) => key.constructor)).to.deep.equal([EngineSigningKey]);
    const key = held[0] as EngineSigningKey;
    expect(key.keyObject().type).to.equal("public");
    for (const member of ["d", "p", "q", "dp", "dq", "qi"] as const) {
      expect(member in key, member).to.equal(false);
      expect(JSON.stringify([jwks, { ...key }]), member).not.to.contain(jwk[member]);
    }
  });

  it("a key for another algorithm is never asked", async () => {
    const other = printing([], () => providerWith({ ...jwk, alg: "PS384" }));
    const asked: Uint8Array[] = [];
    const made = await signing((data) => (asked.push(data), data), () => idToken(other)).then(() => true, () => false);
    expect({ made, asked }).to.deep.equal({ made: false, asked: [] });
  });

  it("nothing is printed of the experiment at the start", () => {
    expect(printed).to.deep.equal([]);
  });
});

/** The members of the engine that its types leave out. */
interface Engine {
  readonly IdToken: {
    new (claims: object, context: { client: object }): { issue(options: { use: "idtoken" }): Promise<string> };
    validate(token: string, client: object): Promise<unknown>;
  };
  readonly Client: new (metadata: object) => object;
}

/** Our engine with this key; no request reaches it. */
function providerWith(jwk: JWK): Provider {
  const realm = openFinanceRealm({ publicUrl: "https://public.example", mtlsUrl: "https://mtls.example" });
  const needs = { realm, privateJwks: { keys: [jwk] }, cookieKeys: ["k"], scopes: ["openid"], accessTokenSeconds: 900 };
  return createProvider(needs as unknown as ProviderNeeds);
}

function clientOf(provider: Provider): object {
  const uris = { redirect_uris: ["https://tpp.example/cb"], jwks_uri: "https://keystore.example/keys" };
  const algorithms = { id_token_signed_response_alg: "PS256", request_object_signing_alg: "PS256", token_endpoint_auth_signing_alg: "PS256" };
  const rest = { response_types: ["code id_token"], grant_types: ["authorization_code", "implicit"], token_endpoint_auth_method: "private_key_jwt" };
  return new (provider as unknown as Engine).Client({ client_id: "tpp", ...uris, ...algorithms, ...rest, tls_client_certificate_bound_access_tokens: true });
}

function idToken(provider: Provider): Promise<string> {
  const token = new (provider as unknown as Engine).IdToken({ sub: "customer" }, { client: clientOf(provider) });
  return Object.assign(token, { scope: "openid" }).issue({ use: "idtoken" });
}

/** Runs with another way to sign in place of our key's own. */
async function signing<T>(sign: (data: Uint8Array) => Uint8Array | Promise<Uint8Array>, run: () => Promise<T>): Promise<T> {
  const { prototype } = EngineSigningKey;
  const own = Object.getOwnPropertyDescriptor(prototype, "sign")!;
  Object.defineProperty(prototype, "sign", { ...own, value: sign });
  try {
    return await run();
  } finally {
    Object.defineProperty(prototype, "sign", own);
  }
}

/** Runs, and notes what the engine prints meanwhile, by whichever method. */
function printing<T>(lines: string[], run: () => T): T {
  const own = { info: console.info, warn: console.warn };
  const note = (line: unknown) => void lines.push(String(line));
  Object.assign(console, { info: note, warn: note });
  try {
    return run();
  } finally {
    Object.assign(console, own);
  }
}
