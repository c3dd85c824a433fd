import { X509Certificate } from "node:crypto";
import { approvingBrowser, overrides, type BrowserFacts } from "./conformance-browser.ts";
import { json, tppSchema, type TppFiles } from "./tpp-folder.ts";

/** A software statement for the suite; with a client id when it is registered beforehand. */
export interface SuiteSoftware {
  readonly files: TppFiles;
  readonly clientId?: string;
}

export interface PlanFacts {
  readonly alias: string;
  readonly discoveryUrl: string;
  readonly consentUrl: string;
  readonly resourceUrl: string;
  /** CPF of the sample customer whose log-in the browser uses. */
  readonly cpf: string;
  readonly browser: BrowserFacts;
}

/** What `client.scope` holds: the variants of the registration plan register exactly this value. */
export const suiteScope = "openid consents resources accounts";

const realDirectory = "sandbox.directory.openbankingbrasil.org.br";

/** Configuration of `fapi1-advanced-final-brazil-dcr-test-plan`, which registers its software anew in every module. */
export function registrationPlan(facts: PlanFacts, software: SuiteSoftware) {
  return {
    ...both(facts, "registration (DCR)"),
    client: clientOf(software),
    mtls: transportOf(software),
    // Compared literally by the suite: the sandbox must answer under these names.
    directory: {
      discoveryUrl: `https://auth.${realDirectory}/.well-known/openid-configuration`,
      client_id: tppSchema.parse(json(software.files["tpp.json"])).directory.client_id,
      apibase: `https://matls-api.${realDirectory}/`,
      keystore: `https://keystore.${realDirectory}/`,
    },
  };
}

/** Configuration of `fapi1-advanced-final-test-plan` with the profile openbanking_brazil. */
export function authorizationPlan(facts: PlanFacts, first: SuiteSoftware, second: SuiteSoftware) {
  return {
    ...both(facts, "authorization (FAPI)"),
    client: clientOf(first),
    client2: clientOf(second),
    mtls: transportOf(first),
    mtls2: transportOf(second),
    override: overrides(facts.browser),
  };
}

function both({ alias, discoveryUrl, consentUrl, resourceUrl, cpf, browser }: PlanFacts, what: string) {
  return {
    alias,
    description: `Porteiro, ${what}`,
    server: { discoveryUrl },
    resource: { consentUrl, resourceUrl, brazilCpf: cpf },
    consent: { productType: "personal" },
    browser: approvingBrowser(browser),
    // The pages' style is modern; the suite's browser, which reads it wrongly, would take elements for hidden.
    options: { browsercontrol_css_enable: false },
  };
}

function clientOf({ files, clientId }: SuiteSoftware) {
  return { ...(clientId !== undefined && { client_id: clientId }), scope: suiteScope, jwks: json(files["jwks-private.json"]) };
}

/** The suite takes a single certificate and, apart from it, the authorities that it is sent with. */
function transportOf({ files }: SuiteSoftware) {
  const [cert, ...chain] = files["client.crt"].match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (cert === undefined || chain.length === 0) throw new Error("expected a transport certificate and its intermediates in client.crt");
  return { cert: `${cert}\n`, key: files["client.key"], ca: chain.map((one) => new X509Certificate(one).toString()).join("") };
}
