import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JWTPayload } from "jose";
import { z } from "zod";
import { createTpp } from "./create-tpp.ts";
import { callHttps, jsonCall } from "./https-call.ts";
import { clientTokenSchema, consentSchema, discoverySchema, jwksSchema, pushedSchema, tokensSchema } from "./journey-answers.ts";
import { startJourneyBrowser, type JourneyBrowser } from "./journey-browser.ts";
import { readData, readUserinfo, refresh, revoke } from "./journey-data.ts";
import { verifiedIdToken } from "./journey-id-token.ts";
import { consentsUrl, type Authorized, type JourneyNeeds, type Registered, type Server, type Tokens } from "./journey-needs.ts";
import { must, shortened } from "./journey-report.ts";
import { answered, openJourneyTpp } from "./journey-tpp.ts";
import { authorizationRequest, type AuthorizationRequest } from "./request-object.ts";
import { json, readTpp, writeTppFiles } from "./tpp-folder.ts";
import { tppKey } from "./tpp-keys.ts";

const permissions = ["ACCOUNTS_READ", "ACCOUNTS_BALANCES_READ", "CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ", "RESOURCES_READ"];
const scopes = "openid accounts customers resources";

/**
 * A customer's whole journey, from a new TPP to data and a refreshed token.
 * @throws Error at the first step that does not go as it must
 */
export async function runJourney(needs: JourneyNeeds): Promise<void> {
  const server = await discover(needs);
  const registered = await register(needs, server);
  const clientToken = await fetchClientToken(needs, server, registered);
  const consentId = await createConsent(needs, registered, clientToken);
  const { request, requestUri } = await push(needs, server, registered, consentId);
  const authorized = await authorize(needs, server, registered, request, requestUri);
  const first = await readFirstIdToken(needs, server, registered, request, authorized);
  const tokens = await exchange(needs, server, registered, { request, code: authorized.code, first });
  await readData(needs, registered, tokens, authorized.shared);
  await readUserinfo(needs, server, registered, tokens, first);
  const accessToken = await refresh(needs, server, registered, tokens);
  if (needs.revoke) {
    await revoke(needs, server, registered, { consentId, clientToken, accessTokens: [tokens.accessToken, accessToken], refreshToken: tokens.refreshToken });
  }
}

function discover({ report, issuer, caPem }: JourneyNeeds): Promise<Server> {
  return report.step("Read the server's discovery document and keys", async (say) => {
    const discovery = answered(await callHttps(`${issuer}/.well-known/openid-configuration`, { ca: caPem }), 200, discoverySchema);
    must(discovery.issuer === issuer, `the issuer ${issuer}, received ${discovery.issuer}`);
    const jwks = answered(await callHttps(discovery.jwks_uri, { ca: caPem }), 200, jwksSchema);
    say(`issuer ${discovery.issuer}, ${jwks.keys.length} keys`);
    return { discovery, jwks };
  });
}

async function register({ report, directory, directoryUrl, caPem, issuer, folder, clock }: JourneyNeeds, { discovery }: Server): Promise<Registered> {
  const { registration_endpoint: registrationEndpoint, token_endpoint: tokenEndpoint } = discovery.mtls_endpoint_aliases;
  const body = await report.step("The directory makes a TPP: certificates, keys, software statement", async (say) => {
    const files = await createTpp({ client: directory, directoryUrl, caPem, server: { issuer, registrationEndpoint, tokenEndpoint } }, { roles: ["DADOS"] });
    await writeTppFiles(folder, files);
    const { organisation_name: organisation, software_name: software } = await readTpp(folder);
    say(`${software} of ${organisation}`);
    return files["register.json"];
  });
  return report.step("Register it (DCR)", async (say) => {
    const tpp = await openJourneyTpp(folder, clock);
    const answer = await tpp.call(registrationEndpoint, jsonCall(json(body)));
    const { client_id: clientId, scope } = answered(answer, 201, z.object({ client_id: z.string(), scope: z.string() }));
    await writeFile(join(folder, "registration.json"), answer.text, { mode: 0o600 });
    say(`HTTP 201, client_id ${clientId}, scope ${scope}`);
    const { redirect_uris: redirectUris } = await readTpp(folder);
    return { tpp, clientId, redirectUri: String(redirectUris[0]) };
  });
}

function fetchClientToken({ report }: JourneyNeeds, { discovery }: Server, { tpp }: Registered): Promise<string> {
  return report.step("Get a token of the TPP's own (client_credentials, scope consents)", async (say) => {
    const answer = await tpp.authenticated(discovery.mtls_endpoint_aliases.token_endpoint, { grant_type: "client_credentials", scope: "consents" });
    const { access_token: token, expires_in: seconds } = answered(answer, 200, clientTokenSchema);
    say(`HTTP 200, access_token ${shortened(token)}, ${seconds} s`);
    return token;
  });
}

function createConsent(needs: JourneyNeeds, { tpp }: Registered, clientToken: string): Promise<string> {
  return needs.report.step("Create a consent", async (say) => {
    const expirationDateTime = new Date(needs.clock() + 7_200_000).toISOString().replace(/\.\d+Z$/, "Z");
    const document = { identification: needs.customer.cpf, rel: "CPF" };
    const call = jsonCall({ data: { permissions, loggedUser: { document }, expirationDateTime } });
    const { data } = answered(await tpp.api(consentsUrl(needs), clientToken, call), 201, consentSchema);
    must(data.status === "AWAITING_AUTHORISATION", `a consent that is AWAITING_AUTHORISATION, received ${data.status}`);
    must(permissions.every((one) => data.permissions.includes(one)), `all ${permissions.length} permissions, received ${data.permissions.join(", ")}`);
    say(`HTTP 201, ${data.consentId}, ${data.status}, until ${expirationDateTime}`);
    return data.consentId;
  });
}

function push(needs: JourneyNeeds, { discovery }: Server, { tpp }: Registered, consentId: string): Promise<{ request: AuthorizationRequest; requestUri: string }> {
  return needs.report.step("Push the signed request object (PAR)", async (say) => {
    const { folder, clock, randomness } = needs;
    const request = await authorizationRequest({ folder, consentId, scope: scopes, clock, randomness });
    const answer = await tpp.authenticated(discovery.mtls_endpoint_aliases.pushed_authorization_request_endpoint, { request: request.requestObject });
    const { request_uri: requestUri, expires_in: seconds } = answered(answer, 201, pushedSchema);
    say(`HTTP 201, request_uri ${requestUri.slice(0, 48)}..., ${seconds} s`);
    return { request, requestUri };
  });
}

async function authorize(needs: JourneyNeeds, { discovery }: Server, { clientId, redirectUri }: Registered, request: AuthorizationRequest, requestUri: string): Promise<Authorized> {
  const { report } = needs;
  const browser = await report.step(`Start Chromium (${needs.browser.language})`, () =>
    startJourneyBrowser({ ...needs.browser, publicUrl: new URL(needs.issuer).origin, redirectUri }),
  );
  try {
    return await atThePages(needs, browser, `${discovery.authorization_endpoint}?${new URLSearchParams({ client_id: clientId, request_uri: requestUri }).toString()}`, request);
  } finally {
    await browser.close();
  }
}

async function atThePages({ report, customer }: JourneyNeeds, browser: JourneyBrowser, address: string, request: AuthorizationRequest): Promise<Authorized> {
  await report.step("Browser: open the authorization endpoint", async (say) => say(`page "${await browser.open(address)}"`));
  await report.step(`Browser: log in as ${customer.userName}`, async (say) => say(`page "${await browser.logIn(customer.userName, customer.password)}"`));
  return report.step("Browser: choose accounts, approve, and be led back to the TPP", async (say) => {
    const { shared, offered, callback } = await browser.approve();
    const answer = new URLSearchParams(callback.hash.slice(1));
    must(answer.get("error") === null, `no error, received ${answer.get("error")}: ${answer.get("error_description")}`);
    must(callback.search === new URL(request.redirectUri).search, "nothing of the answer in the query");
    must(answer.get("state") === request.state, "the state of the request");
    const [code, idToken] = [answer.get("code"), answer.get("id_token")];
    must(code !== null && idToken !== null, "code and id_token in the fragment");
    say(`${shared} of ${offered} accounts shared`);
    say(`${callback.origin}${callback.pathname}#code=${shortened(code)}, id_token=${shortened(idToken)}, state as sent`);
    return { code, idToken, shared };
  });
}

function readFirstIdToken(needs: JourneyNeeds, server: Server, registered: Registered, request: AuthorizationRequest, { idToken, code }: Authorized): Promise<JWTPayload> {
  return needs.report.step("Decrypt the ID token, verify it, check every claim", async (say) => {
    const claims = await verifiedIdToken(idToken, { ...(await idTokenExpectation(needs, server, registered, request)), callback: { state: request.state, code } });
    say(`sub ${claims.sub}, acr ${String(claims["acr"])}, s_hash and c_hash right`);
    return claims;
  });
}

async function idTokenExpectation({ folder, issuer, clock }: JourneyNeeds, { jwks }: Server, { clientId }: Registered, { nonce }: AuthorizationRequest) {
  return { issuer, clientId, nonce, jwks, encryptionKey: await tppKey(folder, "enc"), clock };
}

function exchange(needs: JourneyNeeds, server: Server, registered: Registered, { request, code, first }: { request: AuthorizationRequest; code: string; first: JWTPayload }): Promise<Tokens> {
  return needs.report.step("Exchange the code for tokens, with the PKCE verifier", async (say) => {
    const parameters = { grant_type: "authorization_code", code, redirect_uri: request.redirectUri, code_verifier: request.verifier };
    const answer = answered(await registered.tpp.authenticated(server.discovery.mtls_endpoint_aliases.token_endpoint, parameters), 200, tokensSchema);
    const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken, expires_in: seconds } = answer;
    await verifiedIdToken(idToken, { ...(await idTokenExpectation(needs, server, registered, request)), accessToken, ...(first.sub !== undefined && { subject: first.sub }) });
    say(`HTTP 200, access_token ${shortened(accessToken)}, ${seconds} s`);
    say(`refresh_token ${shortened(refreshToken)}; id_token ${shortened(idToken)}, of the same customer`);
    return { accessToken, refreshToken };
  });
}
