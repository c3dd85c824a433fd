import { createPublicKey, type KeyObject } from "node:crypto";
import { expect } from "chai";
import { decodeProtectedHeader, SignJWT } from "jose";
import { makeKey } from "../../src/certs/issue-certificate.ts";
import { ownFapiWorld, type FapiClient, type OwnWorld } from "../certification/fapi/fapi-world.ts";
import { expectOAuthError, expectPushed } from "../certification/fapi/suite-checks.ts";
import { fapiRun, type FapiRun } from "../certification/fapi/suite-steps.ts";
import { createMovableClock } from "../support/movable-clock.ts";

const freshness = 10;

describe("a client's keys in the authorization flow are those that the directory publishes", () => {
  const time = createMovableClock();
  let world: OwnWorld;
  let run: FapiRun;
  before(async () => {
    world = await ownFapiWorld({ clock: time.clock, keyFreshnessSeconds: freshness });
    run = await fapiRun(world);
  });
  after(() => world.stop());

  const renewed = async (client: FapiClient, use: "signingKey" | "encryptionKey") => {
    const key = await makeKey();
    const rotated = await world.directory.directory.rotateKeys({ softwareId: client.tpp.description.software_id, [use]: createPublicKey(key) });
    return { key, kid: (rotated.signing ?? rotated.encryption)?.kid ?? "" };
  };

  const withKeys = (client: FapiClient, keys: { signing?: { key: KeyObject; kid: string }; encryption?: { key: KeyObject; kid: string } }): FapiClient => ({
    ...client,
    tpp: { ...client.tpp, ...keys },
  });

  it("ID tokens are encrypted for the encryption key of now, on both channels", async () => {
    await run.complete(world.client1);
    const encryption = await renewed(world.client1, "encryptionKey");
    time.forward(freshness + 1);
    // Every check of both ID tokens, decryption among them, is made with the new key.
    const after = withKeys(world.client1, { encryption });
    const { tokens } = await run.complete(after);
    const refreshed = await run.token(after, { grant_type: "refresh_token", refresh_token: tokens.refreshToken });
    expect(decodeProtectedHeader(refreshed.json().id_token).kid).to.equal(encryption.kid);
  });

  it("a request object signed with a key that left the directory is refused after the freshness, and the new key counts at once", async () => {
    const old = world.client2;
    expectPushed((await run.push(old)).answer);
    const signing = await renewed(old, "signingKey");
    const after = withKeys(old, { signing });
    expectPushed((await run.push(after)).answer);
    time.forward(freshness + 1);
    // The assertion is signed with the new key, so that only the request object can be to blame.
    const withOldKey = await run.push(after, {
      sign: (claims, header) => new SignJWT(claims).setProtectedHeader({ ...header, kid: old.tpp.signing.kid }).sign(old.tpp.signing.key),
    });
    expectOAuthError(withOldKey.answer, ["invalid_request_object"]);
    expectPushed((await run.push(after)).answer);
  });
});
