import { z } from "zod";
import {
  consentAnswerSchema,
  consentErrorSchema,
  consentReadAnswerSchema,
  createConsentSchema,
  extendConsentSchema,
  extensionsAnswerSchema,
} from "../../policy/consent/consent-schemas.ts";
import { consentProblems, type ConsentProblemCode } from "../../policy/consent/consent-problem.ts";
import { apiVersion } from "./consent-answer.ts";
import { consentsBasePath } from "./consent-routes.ts";

export interface ConsentsOpenApiNeeds {
  /** Scheme, host and port of the mutual-TLS listener. */
  readonly baseUrl: string;
  readonly tokenUrl: string;
  readonly authorizationUrl: string;
}

type Schema = Record<string, unknown>;

/** The OpenAPI 3.1 document of the Consents API, made from the schemas that check its calls and shape its answers. */
export function consentsOpenApi({ baseUrl, tokenUrl, authorizationUrl }: ConsentsOpenApiNeeds): Schema {
  const tpp = [{ client: ["consents"] }];
  const customer = [{ customer: ["openid", "consent:{consentId}"] }];
  return {
    openapi: "3.1.0",
    info: {
      title: "Consents",
      version: apiVersion,
      description: "Consents of bank customers to share their data, as Open Finance Brasil defines them. Mutual TLS; the token is bound to the certificate.",
    },
    servers: [{ url: `${baseUrl}${consentsBasePath}` }],
    paths: {
      "/consents": {
        post: operation("createConsent", "Ask for a consent", tpp, { body: "CreateConsent", answers: { 201: "Consent" }, problems: creationProblems }),
      },
      "/consents/{consentId}": {
        parameters: [consentIdParameter],
        get: operation("readConsent", "Read a consent", tpp, { answers: { 200: "ConsentRead" } }),
        delete: operation("deleteConsent", "Delete or revoke a consent; its tokens end with it", tpp, {
          answers: { 204: undefined },
          problems: ["CONSENTIMENTO_EM_STATUS_REJEITADO"],
        }),
      },
      "/consents/{consentId}/extends": {
        parameters: [consentIdParameter],
        post: operation("extendConsent", "Extend an authorised consent, with a token of its customer", customer, {
          body: "ExtendConsent",
          parameters: [header("x-fapi-customer-ip-address", 100), header("x-customer-user-agent", 255)],
          answers: { 201: "Consent" },
          problems: ["ESTADO_CONSENTIMENTO_INVALIDO", "DEPENDE_MULTIPLA_ALCADA", "DATA_EXPIRACAO_INVALIDA"],
        }),
      },
      "/consents/{consentId}/extensions": {
        parameters: [consentIdParameter],
        get: operation("listExtensions", "List the extensions of a consent, newest first", tpp, {
          parameters: [query("page", 1, 2_147_483_647), query("page-size", 25, 1000)],
          answers: { 200: "Extensions" },
        }),
      },
    },
    components: {
      schemas: {
        CreateConsent: schemaOf(createConsentSchema, "input"),
        ExtendConsent: schemaOf(extendConsentSchema, "input"),
        Consent: schemaOf(consentAnswerSchema),
        ConsentRead: schemaOf(consentReadAnswerSchema),
        Extensions: schemaOf(extensionsAnswerSchema),
        Error: schemaOf(consentErrorSchema),
      },
      securitySchemes: {
        client: { type: "oauth2", flows: { clientCredentials: { tokenUrl, scopes: { consents: "Create, read and delete consents" } } } },
        customer: {
          type: "oauth2",
          flows: {
            authorizationCode: {
              authorizationUrl,
              tokenUrl,
              scopes: { openid: "OpenID Connect", "consent:{consentId}": "The consent that the customer has authorised" },
            },
          },
        },
      },
    },
  };
}

const creationProblems: readonly ConsentProblemCode[] = [
  "SEM_PERMISSOES_FUNCIONAIS_RESTANTES",
  "INFORMACOES_PJ_NAO_INFORMADAS",
  "PERMISSOES_PJ_INCORRETAS",
  "PERMISSAO_PF_PJ_EM_CONJUNTO",
  "COMBINACAO_PERMISSOES_INCORRETA",
  "DATA_EXPIRACAO_INVALIDA",
];

const consentIdParameter = { name: "consentId", in: "path", required: true, schema: { type: "string", pattern: "^urn:porteiro:[0-9a-f]{48}$" } };
const interactionId = { name: "x-fapi-interaction-id", in: "header", required: true, schema: { type: "string", format: "uuid" } };

interface OperationParts {
  readonly body?: string;
  readonly parameters?: readonly Schema[];
  readonly answers: Readonly<Record<number, string | undefined>>;
  /** Codes of the 422 answer. */
  readonly problems?: readonly ConsentProblemCode[];
}

function operation(operationId: string, summary: string, security: readonly Schema[], { body, parameters = [], answers, problems = [] }: OperationParts): Schema {
  const responses = Object.entries(answers).map(([status, name]) => [status, answer("Done", name)] as const);
  const statuses = body === undefined ? commonStatuses : [...commonStatuses, 415];
  return {
    operationId,
    summary,
    security,
    parameters: [interactionId, ...parameters],
    ...(body !== undefined && { requestBody: { required: true, content: { "application/json": { schema: reference(body) } } } }),
    responses: Object.fromEntries([
      ...responses,
      ...statuses.map((status) => [String(status), answer(titlesOf(status), "Error")] as const),
      ...(problems.length > 0 ? [["422", answer(`One of ${problems.join(", ")}`, "Error")] as const] : []),
    ]),
  };
}

const commonStatuses = [400, 401, 403, 404, 405, 406, 429, 500, 504, 529];

function titlesOf(status: number): string {
  const codes = Object.entries(consentProblems).flatMap(([code, problem]) => (problem.status === status ? [code] : []));
  return codes.join(", ");
}

function answer(description: string, name: string | undefined): Schema {
  return {
    description,
    headers: { "x-fapi-interaction-id": { schema: { type: "string", format: "uuid" } }, "x-v": { schema: { type: "string", const: apiVersion } } },
    ...(name !== undefined && { content: { "application/json": { schema: reference(name) } } }),
  };
}

function reference(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

function header(name: string, maxLength: number): Schema {
  return { name, in: "header", required: true, schema: { type: "string", minLength: 1, maxLength } };
}

function query(name: string, usual: number, maximum: number): Schema {
  return { name, in: "query", required: false, schema: { type: "integer", minimum: 1, maximum, default: usual } };
}

function schemaOf(schema: z.ZodType, io: "input" | "output" = "output"): Schema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io });
  return json;
}
