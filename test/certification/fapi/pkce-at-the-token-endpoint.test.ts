import { randomBytes } from "node:crypto";
import { expectOAuthError } from "./suite-checks.ts";
import { fapiModule } from "./suite-steps.ts";

const wrongVerifiers = { "ensure-pkce-code-verifier-required": undefined, "incorrect-pkce-code-verifier-rejected": randomBytes(96).toString("base64url") };

for (const [name, code_verifier] of Object.entries(wrongVerifiers)) {
  fapiModule(name, "answers invalid_grant", async (run) => {
    const authorized = await run.authorize(run.client1);
    expectOAuthError(await run.redeem(run.client1, authorized, { form: { code_verifier } }), ["invalid_grant"]);
  });
}
