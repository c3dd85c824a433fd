import { createHash, randomBytes, randomUUID } from "node:crypto";
import { SignJWT, type JWTPayload } from "jose";
import { form, httpsCall, type HttpsAnswer } from "./https-call.ts";
import type { SandboxTpp } from "./sandbox.ts";
import type { TestServer } from "./server.ts";

/** What the sample bank's first person is and knows (src/bank/sample-logins.ts). */
export const sampleCustomer = { login: "jacaranda.exemplo", password: "Jacaranda-sandbox-1" } as const;

export interface PushedRequest {
  readonly answer: HttpsAnswer;
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
}

/** A browser of a kind: follows nothing by itself, keeps cookies by path as a browser does. */
export interface RawBrowser {
  get(url: string, from?: { crossSite?: boolean }): Promise<HttpsAnswer>;
  submit(url: string, fields: readonly (readonly [string, string])[], from?: { crossSite?: boolean }): Promise<HttpsAnswer>;
  /** Every cookie that it holds, as `name=value`. */
  cookies(): string[];
}

/** @param headers sent with every request, as a browser's own or a proxy's would be */
export function rawBrowser(ca: string, headers: Readonly<Record<string, string>> = {}): RawBrowser {
  const jar = new Map<string, { value: string; path: string; sameSite: string }>();
  const send = async (url: string, call: Parameters<typeof httpsCall>[1], crossSite = false): Promise<HttpsAnswer> => {
    const { pathname } = new URL(url);
    const comesAlong = ({ path, sameSite }: { path: string; sameSite: string }) =>
      pathname.startsWith(path) && (!crossSite || (sameSite === "lax" && call.method !== "POST"));
    const cookie = [...jar].filter(([, one]) => comesAlong(one)).map(([key, { value }]) => `${key.split(" ")[0]}=${value}`).join("; ");
    const answer = await httpsCall(url, { ...call, headers: { ...headers, ...call.headers, ...(cookie ? { cookie } : {}) } });
    for (const line of [answer.headers["set-cookie"] ?? []].flat()) {
      const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
      const [name = "", value = ""] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
      const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? "/";
      if (value === "" || attributes.some((attribute) => /^expires=Thu, 01 Jan 1970/i.test(attribute))) {
        jar.delete(`${name} ${path}`);
      } else {
        const sameSite = attributes.find((attribute) => /^samesite=/i.test(attribute))?.slice(9).toLowerCase() ?? "lax";
        jar.set(`${name} ${path}`, { value, path, sameSite });
      }
    }
    return answer;
  };
  return {
    get: (url, { crossSite } = {}) => send(url, { ca }, crossSite),
    submit: (url, fields, { crossSite } = {}) =>
      send(url, { ca, method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams(fields.map(([k, v]) => [k, v])).toString() }, crossSite),
    cookies: () => [...jar].map(([key, { value }]) => `${key.split(" ")[0]}=${value}`),
  };
}

/** Creates a consent as the suite does, for the sample customer unless told otherwise. */
export async function createConsent(server: TestServer, tpp: SandboxTpp, clientId: string, change: { permissions?: string[]; cpf: string; cnpj?: string }): Promise<string> {
  const token = (await server.requestToken(tpp, clientId, { scope: "consents" })).json().access_token;
  const data = {
    permissions: change.permissions ?? ["ACCOUNTS_READ", "ACCOUNTS_BALANCES_READ", "RESOURCES_READ"],
    loggedUser: { document: { identification: change.cpf, rel: "CPF" } },
    ...(change.cnpj ? { businessEntity: { document: { identification: change.cnpj, rel: "CNPJ" } } } : {}),
    expirationDateTime: new Date(Date.now() + 7_200_000).toISOString().replace(/\.\d+Z/, "Z"),
  };
  const answer = await server.post(`${server.settings["mtlsUrl"]}/open-banking/consents/v3/consents`, { data }, {
    identity: tpp.tls,
    headers: { authorization: `Bearer ${token}`, accept: "application/json", "x-fapi-interaction-id": randomUUID() },
  });
  if (answer.status !== 201) {
    throw new Error(`the consent was answered ${answer.status}: ${answer.text}`);
  }
  return answer.json().data.consentId;
}

/** Pushes a request object as the suite does; claims and header may be changed or (undefined) left out. */
export async function pushRequest(
  server: TestServer,
  tpp: SandboxTpp,
  clientId: string,
  scope: string,
  change: { claims?: JWTPayload; header?: { alg?: string; kid?: string; typ?: string }; parameters?: Record<string, string | undefined>; signer?: SandboxTpp; rewrite?: (request: string) => string } = {},
): Promise<PushedRequest> {
  const verifier = randomBytes(64).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const state = randomUUID();
  const nonce = randomUUID();
  const claims: JWTPayload = {
    client_id: clientId,
    iss: clientId,
    aud: server.running.realm.issuer,
    scope,
    redirect_uri: tpp.description.redirect_uris[0],
    response_type: "code id_token",
    state,
    nonce,
    nbf: now,
    exp: now + 300,
    claims: { id_token: { acr: { essential: true } } },
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...change.claims,
  };
  const signer = change.signer ?? tpp;
  const signed = await new SignJWT(claims).setProtectedHeader({ alg: "PS256", kid: signer.signing.kid, ...change.header }).sign(signer.signing.key);
  const parameters = {
    request: change.rewrite?.(signed) ?? signed,
    client_assertion: await server.assertion(tpp, clientId),
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ...change.parameters,
  };
  const answer = await server.call(server.url("pushed_authorization_request"), { ...form(parameters), identity: tpp.tls });
  return { answer, verifier, state, nonce };
}

/** The authorize address for a pushed request. */
export function authorizeUrl(server: TestServer, clientId: string, requestUri: string, more: Record<string, string> = {}): string {
  return `${server.url("authorization")}?${new URLSearchParams({ client_id: clientId, request_uri: requestUri, ...more }).toString()}`;
}

/** Hidden fields and checked boxes of the page's form, with its address. */
export function formOn(page: HttpsAnswer, base: string): { action: string; fields: [string, string][] } {
  const unescaped = (text: string) => text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<");
  const action = unescaped(/<form[^>]*id="(?:login-form|otp-form|consent-form)"[^>]*action="([^"]*)"/.exec(page.text)?.[1] ?? /<form[^>]*action="([^"]*)"/.exec(page.text)?.[1] ?? "");
  const fields = [...page.text.matchAll(/<input[^>]*>/g)]
    .map(([tag]) => ({ type: /type="([^"]*)"/.exec(tag)?.[1], name: /name="([^"]*)"/.exec(tag)?.[1], value: /value="([^"]*)"/.exec(tag)?.[1], checked: /\schecked/.test(tag) }))
    .filter(({ type, checked, name }) => name !== undefined && (type === "hidden" || (type === "checkbox" && checked)))
    .map(({ name, value }): [string, string] => [name ?? "", unescaped(value ?? "")]);
  return { action: new URL(action, base).href, fields };
}

/** Logs in and approves or refuses; ends at the callback and returns its address. */
export async function throughThePages(server: TestServer, start: string, decision: "approve" | "deny", browser = rawBrowser(server.ca), customer = sampleCustomer as { login: string; password: string }): Promise<URL> {
  let answer = await browser.get(start);
  let at = start;
  for (let steps = 0; steps < 12; steps += 1) {
    const location = answer.headers["location"];
    if (typeof location === "string") {
      at = new URL(location, at).href;
      if (!at.startsWith(String(server.settings["publicUrl"]))) {
        return new URL(at);
      }
      answer = await browser.get(at);
      continue;
    }
    if (!/<form/.test(answer.text)) {
      throw new Error(`a page without a form (${answer.status}): ${answer.text.slice(0, 600)}`);
    }
    const { action, fields } = formOn(answer, at);
    const isLogin = /id="username"/.test(answer.text);
    const typed: [string, string][] = isLogin ? [["username", customer.login], ["password", customer.password]] : [["decision", decision]];
    answer = await browser.submit(action, [...fields.filter(([name]) => name !== "decision"), ...typed]);
    at = action;
  }
  throw new Error("the pages led nowhere");
}

/** Parameters of the fragment of a callback. */
export function fragmentOf(callback: URL): URLSearchParams {
  return new URLSearchParams(callback.hash.slice(1));
}
