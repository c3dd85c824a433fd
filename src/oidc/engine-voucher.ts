import { isSignedByPs256, readCompactJws } from "../kernel/compact-jws.ts";
import type { DirectoryKey } from "../directory/jwks.ts";
import type { SoftwareKeys } from "../directory/software-keys.ts";
import { engineState } from "./engine-context.ts";

/** The engine's context of a request, as far as we touch it. */
interface EngineRequest {
  readonly oidc: {
    readonly route: string;
    readonly body?: { readonly request?: unknown };
    entity(name: string, value: object): void;
  };
}

/**
 * Vouches to the engine for what we have verified of a request: the client, whose certificate and assertion are judged
 * before the engine sees the call, and the signature of a request object that it pushes. The engine takes our word as it
 * takes that of the push at the authorization endpoint. By itself it would verify the same with the same key by Web
 * Crypto, a tenth of the request's CPU. What we cannot vouch for (another algorithm of the object or of the key, no `kid`,
 * an encrypted object, a key that is not at hand, a wrong signature) stays for the engine to verify or refuse.
 * @returns whether the client has been authenticated
 */
export function createVoucher(softwareKeys: SoftwareKeys) {
  return ({ oidc }: EngineRequest): boolean => {
    const unit = engineState().engineUnit;
    if (unit && oidc.route === "pushed_authorization_request" && isSignedByOwnKey(oidc.body?.request, (kid) => softwareKeys.signingKeyAtHand(unit.client, kid))) {
      oidc.entity("PushedAuthorizationRequest", { trusted: true });
    }
    return unit !== undefined;
  };
}

/** Whether the client's own key of the object's `kid`, which is at hand and for PS256 or no named algorithm, signed it. */
export function isSignedByOwnKey(requestObject: unknown, keyAtHand: (kid: string) => DirectoryKey | undefined): boolean {
  const jws = typeof requestObject === "string" ? readCompactJws(requestObject) : undefined;
  const kid = jws?.header["kid"];
  const key = typeof kid === "string" ? keyAtHand(kid) : undefined;
  const forPs256 = key !== undefined && (key.alg ?? "PS256") === "PS256";
  return jws !== undefined && forPs256 && isSignedByPs256(jws, key.publicKey);
}
