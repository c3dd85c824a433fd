import { z } from "zod";

// What a certified TPP needs of each answer; more may come.

export const discoverySchema = z.object({
  issuer: z.string(),
  jwks_uri: z.string(),
  authorization_endpoint: z.string(),
  mtls_endpoint_aliases: z.object({
    token_endpoint: z.string(),
    registration_endpoint: z.string(),
    userinfo_endpoint: z.string(),
    pushed_authorization_request_endpoint: z.string(),
  }),
});
export const jwksSchema = z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })).min(1) });
export const clientTokenSchema = z.object({ access_token: z.string(), expires_in: z.int().min(300).max(900), scope: z.string() });
export const pushedSchema = z.object({ request_uri: z.string(), expires_in: z.number().min(60) });
export const tokensSchema = z.object({ access_token: z.string(), refresh_token: z.string(), id_token: z.string(), expires_in: z.int().min(300).max(900), token_type: z.string().regex(/^bearer$/i) });
export const refreshedSchema = z.object({ access_token: z.string(), refresh_token: z.string().optional(), expires_in: z.int().min(300).max(900) });
export const consentSchema = z.object({ data: z.object({ consentId: z.string(), status: z.string(), permissions: z.array(z.string()) }) });
export const resourcesSchema = z.object({ data: z.array(z.object({ resourceId: z.string(), type: z.string(), status: z.string() })) });
export const accountsSchema = z.object({ data: z.array(z.object({ accountId: z.string(), type: z.string() })) });
export const balanceSchema = z.object({ data: z.object({ availableAmount: z.object({ amount: z.string(), currency: z.string() }) }) });
export const identificationsSchema = z.object({ data: z.array(z.object({ civilName: z.string(), documents: z.object({ cpfNumber: z.string() }) })).min(1) });
