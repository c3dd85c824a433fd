import { expectOAuthError } from "./suite-checks.ts";
import { fapiModule, type FapiRun, type RedeemChange } from "./suite-steps.ts";

const invalidClient = ["invalid_client"];
const clientOrRequest = ["invalid_client", "invalid_request"];
const seconds = (ahead: number) => Math.floor(Date.now() / 1000) + ahead;

/** Modules that redeem a good code with one thing wrong about who redeems it; each with the errors that pass. */
const modules: Readonly<Record<string, readonly [errors: readonly string[], change: (run: FapiRun) => RedeemChange]>> = {
  "ensure-client-id-in-token-endpoint": [["invalid_client", "invalid_grant"], ({ client2 }) => ({ form: { client_id: client2.clientId } })],
  "ensure-signed-client-assertion-with-RS256-fails": [invalidClient, () => ({ assertion: { header: { alg: "RS256" } } })],
  "ensure-client-assertion-in-token-endpoint": [
    clientOrRequest,
    ({ client1 }) => ({ form: { client_id: client1.clientId, client_assertion: undefined, client_assertion_type: undefined } }),
  ],
  "ensure-client-assertion-with-exp-is-5-minutes-in-past-fails": [clientOrRequest, () => ({ assertion: { claims: { iat: seconds(-360), nbf: seconds(-360), exp: seconds(-300) } } })],
  "ensure-client-assertion-with-wrong-aud-fails": [clientOrRequest, () => ({ assertion: { claims: { aud: "https://www.other1.example.com/" } } })],
  "ensure-client-assertion-with-no-sub-fails": [clientOrRequest, () => ({ assertion: { claims: { sub: undefined } } })],
  "ensure-client-assertion-with-wrong-iss-fails": [clientOrRequest, ({ client2 }) => ({ assertion: { claims: { iss: client2.clientId } } })],
  "ensure-client-assertion-with-wrong-sub-fails": [clientOrRequest, ({ client2 }) => ({ assertion: { claims: { sub: client2.clientId } } })],
};

for (const [name, [errors, change]] of Object.entries(modules)) {
  fapiModule(name, `answers ${errors.join(" or ")}, and the code stays good for its owner`, async (run) => {
    const authorized = await run.authorize(run.client1);
    expectOAuthError(await run.redeem(run.client1, authorized, change(run)), errors);
    await run.tokens(run.client1, authorized);
  });
}

/** The same at the pushed authorization endpoint. */
const atPar: Readonly<Record<string, (run: FapiRun) => RedeemChange["assertion"]>> = {
  "par-ensure-client-assertion-with-wrong-aud-fails": () => ({ claims: { aud: "https://www.other1.example.com/" } }),
  "par-ensure-client-assertion-with-wrong-iss-fails": ({ client2 }) => ({ claims: { iss: client2.clientId } }),
  "par-ensure-client-assertion-with-wrong-sub-fails": ({ client2 }) => ({ claims: { sub: client2.clientId } }),
};

for (const [name, change] of Object.entries(atPar)) {
  fapiModule(name, `answers ${clientOrRequest.join(" or ")} where the request is pushed`, async (run) => {
    const assertion = change(run);
    expectOAuthError((await run.push(run.client1, assertion && { assertion })).answer, clientOrRequest);
  });
}
