import { expectRefused } from "./suite-answers.ts";
import { claimsOf, dcrModule } from "./suite-steps.ts";

dcrModule("brazil-dcr-no-software-statement", "refuses the statement's claims without the statement", async (run) => {
  const claims = Object.entries(claimsOf(run.statement));
  const bare = Object.fromEntries(claims.map(([name, value]) => [name.replace(/^software_/, ""), value]));
  const body = { ...bare, ...Object.fromEntries(claims), ...run.body({ software_statement: undefined }) };
  expectRefused(await run.post(body), [400], ["invalid_software_statement", "invalid_client_metadata"]);
});
