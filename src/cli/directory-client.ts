import { readFile } from "node:fs/promises";
import { Agent } from "node:https";
import { AxiosError, create as createHttp, type AxiosInstance } from "axios";
import { z } from "zod";

/** How the commands speak to a running sandbox directory. */
export interface DirectoryClient {
  /** Sends one command of the sandbox's operator and reads its answer. */
  command<Schema extends z.ZodType>(path: string, body: unknown, answer: Schema): Promise<z.output<Schema>>;
}

export interface TransportFiles {
  readonly certPem: string;
  readonly keyPem: string;
}

const patience = 60_000;

/**
 * @param directoryUrl the directory's public base URL
 * @param caFile PEM file of the authority behind its TLS certificate
 */
export async function openDirectoryClient(directoryUrl: string, caFile: string): Promise<DirectoryClient> {
  const ca = await readPem(caFile, "the local authority; start the sandbox first, or name the file with --ca");
  const http = createHttp({ baseURL: directoryUrl, httpsAgent: new Agent({ ca }), timeout: patience });
  return {
    command: async (path, body, answer) => expected(answer, (await sent(http, { method: "POST", url: path, data: body })).data, `${directoryUrl}${path}`),
  };
}

const tokenAnswer = z.object({ access_token: z.string().min(1) });

export interface StatementAddress {
  readonly tokenEndpoint: string;
  readonly assertionUrl: string;
  /** The software's client id at the directory. */
  readonly clientId: string;
}

/** Fetches a fresh software statement as a TPP does: a token over mutual TLS, then the assertion. */
export async function fetchStatement(address: StatementAddress, transport: TransportFiles, ca: string): Promise<string> {
  const httpsAgent = new Agent({ ca, cert: transport.certPem, key: transport.keyPem });
  const http = createHttp({ httpsAgent, timeout: patience, maxRedirects: 0 });
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    scope: "directory:software",
    client_id: address.clientId,
  });
  const token = expected(tokenAnswer, (await sent(http, { method: "POST", url: address.tokenEndpoint, data: form })).data, address.tokenEndpoint);
  const answer = await sent(http, {
    url: address.assertionUrl,
    headers: { Authorization: `Bearer ${token.access_token}`, Accept: "application/jwt;charset=UTF-8" },
    responseType: "text",
  });
  return expected(z.string().min(1), answer.data, address.assertionUrl);
}

/** Reads a PEM file, or says in one sentence what the file should have been. */
export async function readPem(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    throw new Error(`Cannot read ${file}: expected ${what}`);
  }
}

/** An answer in its shape, or a sentence about who gave another one. */
function expected<Schema extends z.ZodType>(schema: Schema, answer: unknown, where: string): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw new Error(`${where} gave an answer that is not the sandbox directory's; is it the right address?`);
  return parsed.data;
}

const refusal = z.object({ error: z.string(), error_description: z.string() });

async function sent(http: AxiosInstance, request: Parameters<AxiosInstance["request"]>[0]) {
  try {
    return await http.request<unknown>(request);
  } catch (error) {
    if (!(error instanceof AxiosError)) throw error;
    const where = `${http.defaults.baseURL ?? ""}${request.url ?? ""}`;
    if (!error.response) {
      throw new Error(`Cannot reach the directory at ${where}: ${error.code ?? error.message}; is the sandbox running?`, {
        cause: error,
      });
    }
    const answered: unknown = error.response.data;
    const said = refusal.safeParse(typeof answered === "string" ? safeJson(answered) : answered).data;
    throw new Error(`The directory answered ${error.response.status}: ${said?.error_description ?? "no reason given"}`, {
      cause: error,
    });
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
