import type { Adapter } from "oidc-provider";

/** For models of features that are switched off: whoever switches one on learns here what is missing. */
export function unsupported(name: string): Adapter {
  const refuse = () => Promise.reject(new Error(`the engine's ${name} has no storage here`));
  return { upsert: refuse, find: refuse, findByUserCode: refuse, findByUid: refuse, consume: refuse, destroy: refuse, revokeByGrantId: refuse };
}
