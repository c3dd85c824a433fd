import { printable, type Refusal } from "../../kernel/refusal.ts";
import { grantScopes, rolesWithScope, scopeValues } from "../scope/role-scopes.ts";
import type { Check } from "../check.ts";
import { offeredGrantTypes, offeredResponseType, profileValues, statedNames } from "./client-metadata.ts";
import { suspendedSoftware } from "./operator-decision.ts";
import type { RegistrationFacts } from "./registration-facts.ts";
import { activeRoles, isBound } from "./statement-checks.ts";

/** The body's own form. */
export const bodyChecks: readonly Check<Pick<RegistrationFacts, "body">>[] = [
  { name: "members-have-their-types", clause: "RFC 7591 2", judge: ({ body }) => body.refusals },
];

/** On an update (RFC 7592 2.2). */
export const updateBodyChecks: readonly Check<RegistrationFacts>[] = [
  {
    name: "update-holds-no-forbidden-member",
    clause: "RFC 7592 2.2",
    judge: ({ body }) =>
      body.forbidden.map((name) => ({ code: "request.member-forbidden", expected: `no member ${name}`, received: name })),
  },
  {
    name: "client-id-is-that-of-the-address",
    clause: "RFC 7592 2.2",
    judge: ({ body, updated }) =>
      body.request.client_id === undefined || body.request.client_id === updated?.record.clientId
        ? undefined
        : { code: "request.other-client-id", expected: printable(updated?.record.clientId), received: printable(body.request.client_id) },
  },
];

export const metadataChecks: readonly Check<RegistrationFacts>[] = [
  {
    name: "redirect-uris-are-given",
    clause: "DCR 7.1-6",
    judge: ({ body }) =>
      (body.request.redirect_uris?.length ?? 0) > 0 || body.refusals.some(({ expected }) => expected.startsWith("redirect_uris"))
        ? undefined
        : { code: "redirect-uris.absent", expected: "at least one redirect URI", received: "none" },
  },
  {
    name: "redirect-uris-are-within-the-statement",
    clause: "DCR 7.1-6",
    judge: ({ body, statement }) =>
      (body.request.redirect_uris ?? [])
        .filter((uri) => !statement.redirectUris.includes(uri))
        .map((uri) => ({
          code: "redirect-uris.outside-statement",
          expected: printable(`one of ${statement.redirectUris.join(", ") || "none: the statement has no redirect URI"}`),
          received: printable(uri),
        })),
  },
  {
    name: "redirect-uris-have-the-right-form",
    clause: "FAPI-BR 5.2.2",
    judge: ({ body }) =>
      (body.request.redirect_uris ?? []).filter((uri) => !isRedirectUri(uri)).map((uri) => ({
        code: "redirect-uris.form",
        expected: "an https address without fragment, not on localhost",
        received: printable(uri),
      })),
  },
  { name: "webhook-uris-are-those-of-the-statement", clause: "D9", judge: webhookUris },
  {
    name: "grant-types-are-offered",
    clause: "DCR 7.1",
    judge: ({ body }) => notOffered("grant-types.not-offered", offeredGrantTypes, body.request.grant_types),
  },
  {
    name: "response-types-are-offered",
    clause: "FAPI-BR 5.2.2-15",
    judge: ({ body }) => notOffered("response-types.not-offered", [offeredResponseType], body.request.response_types),
  },
  {
    name: "authentication-method-is-offered",
    clause: "FAPI-BR 5.2.2-14, D1",
    judge: ({ body }) => {
      const method = body.request.token_endpoint_auth_method;
      return method === undefined ? undefined : notOffered("auth-method.not-offered", [profileValues.token_endpoint_auth_method], [method]);
    },
  },
  { name: "scopes-are-within-the-roles", clause: "DCR 7.1-9, DCR 7.2", judge: scopes },
  { name: "algorithms-are-those-of-the-profile", clause: "DCR 7.1.1-1, D4, D5", judge: algorithms },
];

/** What the statement overrules without refusing (DCR 7.1-10). */
export const overruledChecks: readonly Check<RegistrationFacts>[] = [
  {
    name: "names-are-those-of-the-statement",
    clause: "DCR 7.1-10",
    onlyWarns: true,
    judge: ({ body, statement }) => {
      const said = statedNames(statement);
      return Object.entries(said).flatMap(([name, value]) => {
        // The five names are members of the request, all of them strings.
        const sent = body.request[name as keyof typeof said];
        return sent === undefined || sent === value
          ? []
          : [{ code: "metadata.overruled", expected: printable(`${name} ${value ?? "absent"}`), received: printable(sent) } as const];
      });
    },
  },
];

/** A second registration of the same software statement is refused (DCR 9.3.1-5), and one that would undo a suspension. */
export const duplicateChecks: readonly Check<RegistrationFacts>[] = [
  {
    name: "software-is-not-suspended-by-the-bank",
    clause: "RFC 7591 3.2.2",
    judge: (facts) => (facts.decision?.suspension && isBound(facts) ? suspendedSoftware() : undefined),
  },
  {
    name: "software-is-not-registered-yet",
    clause: "DCR 9.3.1-5",
    // To a stranger it says nothing of the client: the binding checks have refused him.
    judge: (facts) => (facts.existing && isBound(facts) ? duplicateOf(facts.existing.record.clientId, facts.rules.recoverUrl) : undefined),
  },
];

/** Names the client to its proven owner, and the way out. */
export function duplicateOf(clientId: string, recoverUrl: string): Refusal {
  return {
    code: "registration.duplicate",
    expected: `software that is not registered; a lost token is replaced at ${recoverUrl}`,
    received: `registered as client_id ${clientId}`,
  };
}

export const recoverChecks: readonly Check<RegistrationFacts>[] = [
  {
    name: "software-is-registered",
    clause: "DCR 9.3.1-6",
    judge: ({ existing }) =>
      existing ? undefined : { code: "registration.absent", expected: "a registered software statement", received: "none" },
  },
];

/** The granted scopes, in the order of the roles' table. */
export function grantedScope({ body, rules, ...facts }: RegistrationFacts): string {
  const requested = scopeValues(body.request.scope);
  return grantScopes(rules.roleScopes, activeRoles({ rules, ...facts }), rules.listedScopes, requested).granted.join(" ");
}

function scopes({ body, rules, ...facts }: RegistrationFacts): readonly Refusal[] {
  const roles = activeRoles({ rules, ...facts });
  if (roles.length === 0) {
    // Every scope would be one more line about the one reason that another check names.
    return [];
  }
  const requested = scopeValues(body.request.scope);
  const grant = grantScopes(rules.roleScopes, roles, rules.listedScopes, requested);
  if (requested !== undefined && grant.outsideRoles.length === 0 && grant.granted.length === 0) {
    return [{ code: "scope.none-offered", expected: printable(`one of ${rules.listedScopes.join(" ")}`), received: printable(requested.join(" ")) }];
  }
  return grant.outsideRoles.map((scope) => {
    const opening = rolesWithScope(rules.roleScopes, scope);
    return {
      code: "scope.role-missing",
      expected: printable(opening.length > 0 ? `role ${opening.join(" or ")} for scope ${scope}` : `a scope of the roles, not ${scope}`),
      received: printable(`active roles ${roles.join(", ")}`),
    };
  });
}

// The method of authentication has a check of its own.
const { token_endpoint_auth_method: _method, ...algorithmsOfTheProfile } = profileValues;
const onlyAlgorithms = { ...algorithmsOfTheProfile, request_object_encryption_alg: "RSA-OAEP", request_object_encryption_enc: "A256GCM" };
// Its own members' names.
const algorithmNames = Object.keys(onlyAlgorithms) as (keyof typeof onlyAlgorithms)[];

function algorithms({ body: { request } }: RegistrationFacts): readonly Refusal[] {
  return algorithmNames
    .filter((name) => request[name] !== undefined && request[name] !== onlyAlgorithms[name])
    .map((name) => ({ code: "algorithm.not-offered", expected: printable(`${name} ${onlyAlgorithms[name]}`), received: printable(request[name]) }));
}

function notOffered(
  code: "grant-types.not-offered" | "response-types.not-offered" | "auth-method.not-offered",
  offered: readonly string[],
  sent: readonly string[] | undefined,
): readonly Refusal[] {
  return (sent ?? [])
    .filter((value) => !offered.includes(value))
    .map((value) => ({ code, expected: offered.join(", "), received: printable(value) }));
}

/** The engine demands the same of a web client with the implicit grant; here it has a reason that can be read. */
function isRedirectUri(text: string): boolean {
  if (!URL.canParse(text) || text.includes("#")) {
    return false;
  }
  const { protocol, hostname, username, password } = new URL(text);
  return protocol === "https:" && hostname !== "localhost" && username === "" && password === "";
}

function webhookUris({ body, statement }: RegistrationFacts): readonly Refusal[] {
  const sent = body.request.webhook_uris;
  if (sent === undefined) {
    return [];
  }
  const wrongForm = sent.filter((uri) => !isWebhookUri(uri)).map((uri): Refusal => ({
    code: "webhook-uris.form",
    expected: "https without query, fragment or trailing slash, at most 255 characters",
    received: printable(uri),
  }));
  const same = statement.webhookUris.every((uri) => sent.includes(uri)) && sent.every((uri) => statement.webhookUris.includes(uri));
  return same
    ? wrongForm
    : [
        ...wrongForm,
        {
          code: "webhook-uris.differ",
          expected: printable(`exactly ${statement.webhookUris.join(", ") || "none: the statement has no webhook URI"}`),
          received: printable(sent.join(", ") || "none"),
        },
      ];
}

function isWebhookUri(text: string): boolean {
  return text.length <= 255 && URL.canParse(text) && new URL(text).protocol === "https:" && !/[?#]|\/$/.test(text);
}
