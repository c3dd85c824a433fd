import type { Context, Middleware } from "koa";
import { clientTag, sha256 } from "../kernel/identifiers.ts";
import { printable, type Refusal } from "../kernel/refusal.ts";
import type { EngineState } from "../oidc/engine-context.ts";
import { batchOf, createEngineUnit, type EngineUnit } from "../oidc/engine-unit.ts";
import { judgeParameterTypes } from "../policy/authorization/request-object.ts";
import { usedAssertion, type AuthenticatedClient } from "../policy/token/authenticate-client.ts";
import { clientNames, whileUnchanged } from "../store/client-records.ts";
import type { Condition, Store } from "../store/store.ts";
import type { ClientCall } from "./client-call.ts";
import { unmarkedContext } from "./unmarked-context.ts";

export interface EngineCallNeeds {
  readonly store: Store;
  /** The engine, mounted under the realm's path. */
  readonly engine: Middleware;
}

/** Pushed authorization requests (RFC 9126), whose request object is looked at before the engine reads it. */
export function answerPushedRequest(ctx: Context, call: ClientCall, needs: EngineCallNeeds): Promise<Refusal | undefined> {
  return answerThroughEngine(ctx, call, needs, judgeParameterTypes(call.form.get("request") ?? ""));
}

/**
 * Lets the engine answer a call of an authenticated client, then commits what it wrote in one batch, and only then is
 * the answer sent: pushed authorization requests, codes, refresh tokens. The assertion is used up in any case, also where
 * the form is refused without the engine.
 */
export async function answerThroughEngine(ctx: Context, call: ClientCall, needs: EngineCallNeeds, refusedForm?: Refusal): Promise<Refusal | undefined> {
  for (const again of [false, true]) {
    const authentication = await call.authenticate(again);
    if (!authentication.ok) {
      return authentication.refusal;
    }
    if (refusedForm) {
      const { unused, mark } = authentication.use;
      const { done } = await needs.store.batch({ tag: tagOf(authentication), when: [unused], put: [mark] });
      return done ? refusedForm : usedAssertion;
    }
    const unit = await runEngine(ctx, call, needs, authentication);
    const refused = ctx.status >= 400;
    const { unused, mark } = authentication.use;
    const when = [whileUnchanged(unit.client), unused];
    const batch = refused ? { tag: unit.tag, when, put: [mark], remove: [...unit.remove] } : batchOf(unit);
    const result = await needs.store.batch(batch);
    if (result.done) {
      inPermittedCharacters(ctx);
      return undefined;
    }
    if (result.failed.name === unused.name) {
      return usedAssertion;
    }
    if (result.failed.name !== clientNames.version) {
      await endGrantOf(result.failed, unit.tag, needs.store);
      return { code: "code.used", expected: "a code that has not been used", received: "one that was used in the same moment" };
    }
  }
  return { code: "store.unavailable", expected: "a client at rest", received: "one that changes all the time" };
}

async function runEngine(ctx: Context, call: ClientCall, needs: EngineCallNeeds, authenticated: AuthenticatedClient): Promise<EngineUnit> {
  const unit = createEngineUnit(authenticated.client, authenticated.use);
  (ctx.state as EngineState).engineUnit = unit;
  const { client_assertion: _, client_assertion_type: _type, ...parameters } = Object.fromEntries(call.form);
  // Read before; the engine takes a parsed body from here (its types know nothing of it).
  (ctx.request as { body?: unknown }).body = { ...parameters, client_id: unit.client.record.clientId };
  await needs.engine(unmarkedContext(ctx), () => Promise.resolve());
  return unit;
}

function tagOf({ client }: AuthenticatedClient): string {
  return clientTag(client.record.clientId.slice(0, 16));
}

/** A code that is used twice gives nothing, and takes back what it gave (RFC 6749 section 4.1.2). */
async function endGrantOf(failed: Condition, tag: string, store: Store): Promise<void> {
  // The condition holds the code's own record, as the adapter wrote it.
  const { grantId } = JSON.parse("equals" in failed ? failed.equals : "{}") as { grantId?: string };
  if (grantId !== undefined) {
    await store.remove({ tag, name: clientNames.grant(sha256(grantId)) });
  }
}

/** The engine quotes what it was sent; an OAuth error text holds printable ASCII only (RFC 6749 section 5.2). */
export function inPermittedCharacters(ctx: Context): void {
  const body = ctx.body as { error_description?: unknown } | undefined;
  if (typeof body === "object" && body !== null && typeof body.error_description === "string") {
    body.error_description = printable(body.error_description);
  }
}
