import { Provider } from "./engine.ts";
import type { EngineUnit } from "./engine-unit.ts";

/** What our routes lay into a request's state before they let the engine work on it. */
export interface EngineState {
  /** The writes of a call whose client we have authenticated. */
  engineUnit?: EngineUnit;
}

/** The state of the request that the engine is working on; empty outside of one. */
export function engineState(): EngineState {
  return (Provider.ctx?.state ?? {}) as EngineState;
}

/** The client of the request that the engine is working on, as far as the engine knows it. */
export function engineClientId(): string | undefined {
  return Provider.ctx?.oidc.client?.clientId;
}
