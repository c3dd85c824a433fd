import { expect } from "chai";
import { refusalCatalogue, type RefusalCode } from "../../src/kernel/refusal-catalogue.ts";
import type { SandboxTpp, TlsIdentity } from "../support/sandbox.ts";
import { recipes, type Kitchen } from "./recipes.ts";
import { checksIn, codesIn, expectRefusal, startRegistrationWorld, type RegistrationWorld } from "./registration-world.ts";

/** The catalogue's groups that registration and its management draw from. */
const groups =
  /^(certificate|brcac|registration-token|statement|registration|organisation|software|role|redirect-uris|request|jwks|jwks-uri|brseal|auth-method|grant-types|response-types|metadata|algorithm|webhook-uris|method|rate-limit|directory)\.|^scope\.(role-missing|none-offered)$/;

/** Of these groups, but said by the token endpoint alone. */
const elsewhere: readonly string[] = ["certificate.other-client"];

/** Need a server of their own; see rate-limit.test.ts and accepted-authorities.test.ts. */
const needsOwnServer: readonly string[] = ["rate-limit.exceeded", "certificate.authority-not-accepted"];

describe("every code that a registration can be refused with", () => {
  let world: RegistrationWorld;
  let kitchen: Kitchen;

  before(async () => {
    let made: { tpp: SandboxTpp; revoked: TlsIdentity } | undefined;
    world = await startRegistrationWorld({
      async beforehand(directory) {
        const tpp = await directory.createTpp();
        made = { tpp, revoked: await tpp.forge("revoked") };
      },
    });
    if (!made) throw new Error("beforehand has run");
    kitchen = { world, ...made };
  });
  after(() => world.stop());

  it("has a way here", () => {
    const here = Object.keys(refusalCatalogue).filter((code) => groups.test(code) && ![...elsewhere, ...needsOwnServer].includes(code));
    expect(Object.keys(recipes)).to.have.members(here);
  });

  for (const [code, recipe] of Object.entries(recipes)) {
    it(`${code} comes with its status, its error and an explanation`, async () => {
      const answer = await recipe(kitchen);
      // The keys of the recipes are codes of the catalogue.
      const known = code as RefusalCode;
      expect(codesIn(answer), answer.text).to.include(code);
      const found = checksIn(answer).find((check) => check.code === code);
      if (found?.result === "warning") {
        expect(answer.status).to.equal(200);
        return;
      }
      const first = codesIn(answer)[0] as RefusalCode;
      expect(refusalCatalogue[first].status).to.equal(refusalCatalogue[known].status);
      expectRefusal(answer, first, ...(codesIn(answer).slice(1) as RefusalCode[]));
    });

    it(`${code} has a page in both languages`, async () => {
      const { issuer } = world.server.running.realm;
      for (const language of ["en", "pt"] as const) {
        const page = await world.server.call(`${issuer}/refusals/${code}`, { headers: { "accept-language": language } });
        expect(page.status).to.equal(200);
        expect(page.headers["content-language"]).to.equal(language === "pt" ? "pt-BR" : "en");
        const text = page.text.replaceAll("&#39;", "'").replaceAll("&quot;", '"');
        expect(text).to.include(refusalCatalogue[code as RefusalCode][language].mend);
      }
    });
  }
});
