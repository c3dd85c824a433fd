import { expectRefused } from "./suite-answers.ts";
import { dcrModule, withBadSignature } from "./suite-steps.ts";

dcrModule("brazil-dcr-invalid-software-statement-signature", "refuses a statement whose signature bytes were altered", async (run) => {
  const answer = await run.post(run.body({ software_statement: withBadSignature(run.statement) }));
  expectRefused(answer, [400], ["invalid_software_statement"]);
});
