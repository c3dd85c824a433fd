/** The parts of oidc-provider that `engine-overrides.ts` reaches into and its types leave out. */
declare module "oidc-provider/lib/helpers/lru.js" {
  export default class LRU {
    constructor(options: { maxSize: number });
  }
}

declare module "oidc-provider/lib/helpers/weak_cache.js" {
  export default function instance(provider: object): { dynamicClients: object; readonly RECOGNIZED_METADATA: readonly string[] };
}
