import { expect } from "chai";
import { assert, boolean, constantFrom, oneof, property, subarray, uniqueArray } from "fast-check";
import { judgeConsentRequest, type ConsentRequest } from "../../src/policy/consent/consent-rules.ts";
import { latestExpiry } from "../../src/policy/consent/consent-term.ts";
import { isCnpj, isCpf } from "../../src/policy/consent/document-number.ts";
import { permissionGroups, permissions, type Permission } from "../../src/policy/consent/permission-groups.ts";
import { runs } from "../support/property-runs.ts";
import { balances, begin, day, maria, offeredScopes, padaria, personal } from "./consent-bank.ts";

const now = begin / 1000;
const everyScope = [...new Set(permissionGroups.flatMap(({ scopes }) => scopes))];

function codes(request: ConsentRequest, scopes: readonly string[] = everyScope): string[] {
  const judgement = judgeConsentRequest(request, scopes, now);
  return judgement.ok ? [] : judgement.problems.map(({ code }) => code);
}

function granted(asked: readonly Permission[], scopes: readonly string[] = offeredScopes, changes: Partial<ConsentRequest> = {}): readonly string[] {
  const judgement = judgeConsentRequest(personal({ permissions: asked, ...changes }), scopes, now);
  return judgement.ok ? judgement.permissions : [];
}

/** Whole groups as a rule, any permissions else: both are granted and refused often. */
const askedFor = oneof(
  subarray([...permissionGroups]).map((groups) => Array.from(new Set(groups.flatMap((each) => each.permissions)))),
  uniqueArray(constantFrom(...permissions)),
);

function group(name: string): readonly Permission[] {
  return permissionGroups.find((each) => each.name === name)!.permissions;
}

describe("consent request", () => {
  for (const { name, permissions: whole } of permissionGroups) {
    const changes = name.startsWith("business") ? { businessEntity: padaria } : {};
    it(`the whole group ${name} is granted where it is offered`, () => {
      expect(granted(whole, everyScope, changes)).to.deep.equal(whole);
    });
    for (const left of whole) {
      it(`COMBINACAO_PERMISSOES_INCORRETA: ${name} without ${left}`, () => {
        expect(codes(personal({ permissions: whole.filter((each) => each !== left), ...changes }))).to.deep.equal(["COMBINACAO_PERMISSOES_INCORRETA"]);
      });
    }
  }

  it("COMBINACAO_PERMISSOES_INCORRETA: names what no complete group covers", () => {
    const judgement = judgeConsentRequest(personal({ permissions: [...balances, "LOANS_READ"] }), everyScope, now);
    expect(judgement.ok ? "" : judgement.problems[0].detail).to.contain("LOANS_READ").and.not.contain("ACCOUNTS_READ");
  });

  it("SEM_PERMISSOES_FUNCIONAIS_RESTANTES: nothing asked for is offered here", () => {
    expect(codes(personal({ permissions: group("card-limits") }), offeredScopes)).to.deep.equal(["SEM_PERMISSOES_FUNCIONAIS_RESTANTES"]);
  });

  it("INFORMACOES_PJ_NAO_INFORMADAS: business permissions without a company", () => {
    expect(codes(personal({ permissions: group("business-details") }))).to.deep.equal(["INFORMACOES_PJ_NAO_INFORMADAS"]);
  });

  it("PERMISSOES_PJ_INCORRETAS: personal permissions with a company", () => {
    expect(codes(personal({ permissions: group("personal-details"), businessEntity: padaria }))).to.deep.equal(["PERMISSOES_PJ_INCORRETAS"]);
  });

  it("PERMISSAO_PF_PJ_EM_CONJUNTO: personal and business permissions together, with or without a company", () => {
    const both = [...new Set([...group("personal-details"), ...group("business-details")])];
    expect(codes(personal({ permissions: both }))).to.deep.equal(["PERMISSAO_PF_PJ_EM_CONJUNTO"]);
    expect(codes(personal({ permissions: both, businessEntity: padaria }))).to.deep.equal(["PERMISSAO_PF_PJ_EM_CONJUNTO"]);
  });

  for (const [when, expiresAt, accepted] of [
    ["now", now, false],
    ["a second from now", now + 1, true],
    ["yesterday", now - day / 1000, false],
    ["in exactly 12 months", latestExpiry(now), true],
    ["a second after 12 months", latestExpiry(now) + 1, false],
    ["never", undefined, true],
  ] as const) {
    it(`DATA_EXPIRACAO_INVALIDA: a term that ends ${when} is ${accepted ? "accepted" : "refused"}`, () => {
      const { expiresAt: _, ...untimed } = personal();
      expect(codes({ ...untimed, ...(expiresAt !== undefined && { expiresAt }) })).to.deep.equal(accepted ? [] : ["DATA_EXPIRACAO_INVALIDA"]);
    });
  }

  it("several faults are told at once", () => {
    expect(codes(personal({ permissions: ["CUSTOMERS_BUSINESS_ADITTIONALINFO_READ"], expiresAt: now }))).to.deep.equal([
      "INFORMACOES_PJ_NAO_INFORMADAS",
      "COMBINACAO_PERMISSOES_INCORRETA",
      "DATA_EXPIRACAO_INVALIDA",
    ]);
  });

  it("products that are not offered are left out, and their shared RESOURCES_READ stays", () => {
    expect(granted([...balances, ...group("card-limits").slice(0, 2)])).to.deep.equal(balances);
  });

  for (const name of ["credit-operations", "investments", "exchange"]) {
    it(`the contract's grouped products stay whole, offered or not: ${name}`, () => {
      expect(granted(group(name))).to.deep.equal(group(name));
      expect(granted([...new Set([...balances, ...group("card-limits"), ...group(name)])])).to.have.members([...new Set([...balances, ...group(name)])]);
    });
  }

  it("12 months after 29 February is 1 March", () => {
    expect(latestExpiry(Date.parse("2028-02-29T10:00:00Z") / 1000)).to.equal(Date.parse("2029-03-01T10:00:00Z") / 1000);
  });

  it("whatever is asked, only what was asked, offered or grouped, and in whole groups is granted", () => {
    assert(
      property(askedFor, subarray(everyScope), boolean(), (asked, scopes, company) => {
        const judgement = judgeConsentRequest(personal({ permissions: asked, ...(company && { businessEntity: padaria }) }), scopes, now);
        if (!judgement.ok) return;
        const whole = permissionGroups.filter((each) => each.permissions.every((one) => judgement.permissions.includes(one)));
        expect(asked).to.include.members([...judgement.permissions]);
        for (const permission of judgement.permissions) {
          expect(whole.some((each) => each.permissions.includes(permission) && (each.alwaysKept || each.scopes.some((scope) => scopes.includes(scope))))).to.equal(true);
        }
      }),
      runs(200),
    );
  });

  it("any union of whole groups of one kind of person is granted whole where everything is offered", () => {
    const ofPeople = permissionGroups.filter(({ name }) => !name.startsWith("business"));
    assert(
      property(subarray([...ofPeople], { minLength: 1 }), (groups) => {
        const asked = [...new Set(groups.flatMap((each) => each.permissions))];
        expect(granted(asked, everyScope)).to.deep.equal(asked);
      }),
      runs(100),
    );
  });
});

describe("document numbers", () => {
  it("a CPF has two right check digits", () => {
    expect([maria, "52998224725", "76109277673"].every(isCpf)).to.equal(true);
    expect(["00011122284", "52998224735", "5299822472", "5299822472x", ""].some(isCpf)).to.equal(false);
  });

  it("a CNPJ has two right check digits, with letters too", () => {
    expect([padaria, "11222333000181", "12ABC34501DE35"].every(isCnpj)).to.equal(true);
    expect(["11222333000182", "12ABC34501DE36", "12abc34501de35", "1122233300018"].some(isCnpj)).to.equal(false);
  });
});
