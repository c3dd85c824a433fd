import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { JWK } from "jose";
import { signByPs256 } from "../kernel/compact-jws.ts";
import { ExternalSigningKey } from "./engine.ts";

/**
 * A signing key of ours as the engine sees it: it reads `kid`, `alg` and the public key and asks for signatures. No
 * private member is within its reach, so that a key which lies in an HSM or a KMS can stand here as well.
 */
export class EngineSigningKey extends ExternalSigningKey {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #kid: string | undefined;
  readonly #alg: string | undefined;

  /** @param jwk a private RSA key for PS256, with `kid` and `alg`: the engine refuses one that lacks either, and asks none of another `alg` */
  constructor(jwk: JWK) {
    super();
    // The types of Node.js know a JWK as any object.
    this.#privateKey = createPrivateKey({ key: jwk as Record<string, unknown>, format: "jwk" });
    this.#publicKey = createPublicKey(this.#privateKey);
    this.#kid = jwk.kid;
    this.#alg = jwk.alg;
  }

  override get kid(): string | undefined {
    return this.#kid;
  }

  override get alg(): string | undefined {
    return this.#alg;
  }

  override keyObject(): KeyObject {
    return this.#publicKey;
  }

  override sign(data: Uint8Array): Uint8Array {
    return signByPs256(data, this.#privateKey);
  }
}
