import { readdirSync } from "node:fs";
import { expect } from "chai";

/** The plan's modules, as the official suite lists them (table 2.1.4), without their common prefix. */
const plan = [
  "brazildcr-happy-flow",
  "brazildcr-happy-flow-variant",
  "brazildcr-happy-flow-variant-2",
  "brazildcr-payment-consent-request-aud-as-array",
  "brazildcr-client-delete",
  "brazildcr-invalid-registration-access-token",
  "brazil-dcr-invalid-software-statement-signature",
  "brazil-dcr-no-software-statement",
  "brazil-dcr-no-mtls",
  "brazil-dcr-bad-mtls",
  "brazildcr-update-client-config",
  "brazildcr-update-client-config-bad-jwks-uri",
  "brazildcr-update-client-config-invalid-jwks-by-value",
  "brazildcr-update-client-config-invalid-redirect-uri",
  "brazil-dcr-no-redirect-uri",
  "brazil-dcr-invalid-redirect-uri",
  "brazil-dcr-invalid-jwks-uri",
  "brazil-dcr-invalid-jwks-by-value",
];

describe("the official dynamic registration plan", () => {
  it("has a mirror for each of its 18 modules", () => {
    const mirrored = readdirSync(import.meta.dirname).flatMap((file) => /^(brazil[\w-]+)\.test\.ts$/.exec(file)?.[1] ?? []);
    expect(plan).to.have.lengthOf(18);
    expect(mirrored).to.have.members(plan);
  });
});
