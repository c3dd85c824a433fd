import type { AcceptedManagement, AcceptedStatement } from "../policy/registration/decide-registration.ts";

/**
 * One registration call on its way through the engine. The engine's action neither reads the store nor writes to it:
 * its adapter takes the client from here and leaves here what is to be stored, so that the caller can commit client,
 * token and audit entry in one batch.
 */
export interface RegistrationUnit {
  /** Without a decision that accepts, the engine's validator refuses (design: it only asserts). */
  readonly decision: AcceptedStatement | AcceptedManagement;
  /** The client id and registration access token of a first registration. */
  readonly fresh?: { readonly clientId: string; readonly registrationToken: string };
  /** The client as the engine is to see it, and its registration access token, on management calls. */
  readonly known?: { readonly clientId: string; readonly metadata: Readonly<Record<string, unknown>>; readonly registrationToken: string };
  /** What the engine's action wants stored. */
  stored?: Readonly<Record<string, unknown>>;
}
