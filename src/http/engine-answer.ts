import { tagOfClient } from "../kernel/identifiers.ts";
import { printable, type Refusal } from "../kernel/refusal.ts";
import { endpointPaths } from "../oidc/endpoints.ts";
import { batchOf, createEngineUnit } from "../oidc/engine-unit.ts";
import { judgeParameterTypes } from "../policy/authorization/request-object.ts";
import { usedAssertion } from "../policy/token/authenticate-client.ts";
import { clientNames } from "../store/client-records.ts";
import { grantName } from "../store/grant-records.ts";
import type { Store } from "../store/store.ts";
import type { ClientCall } from "./client-call.ts";
import type { DirectCall } from "./direct-routes.ts";
import type { RunEngine } from "./engine-run.ts";
import type { JsonAnswer } from "./json-answer.ts";

export interface EngineCallNeeds {
  readonly store: Store;
  readonly runEngine: RunEngine;
}

/** Pushed authorization requests (RFC 9126), whose request object is looked at before the engine reads it. */
export function answerPushedRequest(call: ClientCall, needs: EngineCallNeeds, direct: DirectCall): Promise<JsonAnswer | Refusal> {
  return answerThroughEngine("pushed_authorization_request", call, needs, direct, judgeParameterTypes(call.form.get("request") ?? ""));
}

/**
 * Lets the engine answer a call of an authenticated client, then commits what it wrote in one batch, and only then is
 * the answer sent: pushed authorization requests, codes, refresh tokens. The assertion is used up in any case, also where
 * the form is refused without the engine.
 */
export async function answerThroughEngine(
  endpoint: "token" | "pushed_authorization_request",
  call: ClientCall,
  needs: EngineCallNeeds,
  direct: DirectCall,
  refusedForm?: Refusal,
): Promise<JsonAnswer | Refusal> {
  for (const again of [false, true]) {
    const authentication = await call.authenticate(again);
    if (!authentication.ok) {
      return authentication.refusal;
    }
    const { client, use } = authentication;
    if (refusedForm) {
      const { done } = await needs.store.batch({ tag: tagOfClient(client.record.clientId), when: [use.unused], put: [use.mark] });
      return done ? refusedForm : usedAssertion;
    }
    const unit = createEngineUnit(client, use);
    const { client_assertion: _, client_assertion_type: _type, ...parameters } = Object.fromEntries(call.form);
    const answer = await needs.runEngine(direct.request, direct.response, {
      path: endpointPaths[endpoint],
      state: { engineUnit: unit, clientCertificate: call.presented },
      body: { ...parameters, client_id: client.record.clientId },
    });
    const { tag, given } = unit;
    const batch = answer.status >= 400 ? { tag, given, when: [use.unused], put: [use.mark], remove: [...unit.remove] } : batchOf(unit);
    const result = await needs.store.batch(batch);
    if (result.done) {
      return inPermittedCharacters(answer);
    }
    if (result.failed.name === use.unused.name) {
      return usedAssertion;
    }
    // Of the conditions that a run adds, a code's is that it still says the same; a grant's, that it is there.
    if ("equals" in result.failed && result.failed.name !== clientNames.version) {
      await endGrantOf(result.failed.equals, unit.tag, needs.store);
      return { code: "code.used", expected: "a code that has not been used", received: "one that was used in the same moment" };
    }
  }
  return { code: "store.unavailable", expected: "a client at rest", received: "one that changes all the time" };
}

/** A code that is used twice gives nothing, and takes back what it gave (RFC 6749 section 4.1.2). */
async function endGrantOf(code: string, tag: string, store: Store): Promise<void> {
  // The condition holds the code's own record, as the adapter wrote it.
  const { grantId } = JSON.parse(code) as { grantId?: string };
  if (grantId !== undefined) {
    await store.remove({ tag, name: grantName(grantId) });
  }
}

/** The engine quotes what it was sent; an OAuth error text holds printable ASCII only (RFC 6749 section 5.2). */
export function inPermittedCharacters<Answer extends { readonly body?: unknown }>(answer: Answer): Answer {
  const body = answer.body as { error_description?: unknown } | undefined;
  if (typeof body === "object" && body !== null && typeof body.error_description === "string") {
    body.error_description = printable(body.error_description);
  }
  return answer;
}
