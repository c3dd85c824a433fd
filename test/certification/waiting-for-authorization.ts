/** A module of the plan whose mirror lacks steps, because they need the authorization flow. */
export interface WaitingModule {
  readonly module: string;
  readonly steps: readonly string[];
}

const flow = "the authorization with the new client: consent, pushed request, login and consent pages, code, token, resource (2.2.1)";

/** What the mirrors in this folder do not do yet, module by module. A step leaves this list when its mirror does it. */
export const waitingForAuthorization: readonly WaitingModule[] = [
  { module: "brazildcr-happy-flow", steps: [flow, "the authorization URL with nothing but client_id and request_uri"] },
  { module: "brazildcr-happy-flow-variant", steps: [flow, "the authorization URL with its parameters repeated beside request_uri"] },
  { module: "brazildcr-happy-flow-variant-2", steps: [flow, "the authorization URL with its parameters repeated beside request_uri"] },
  { module: "brazildcr-payment-consent-request-aud-as-array", steps: [flow, "with payments: a consent JWT whose aud is an array of one"] },
  { module: "brazildcr-update-client-config", steps: [`${flow}, answered at the updated redirect URI with its query kept`] },
];
