import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Clock } from "../kernel/clock.ts";
import { clientAssertion } from "./client-assertion.ts";
import { callHttps, formCall, type CallAnswer, type CallWish } from "./https-call.ts";
import { json, readTppFile } from "./tpp-folder.ts";

/** The calls of a TPP, each a raw request with its certificate. */
export interface JourneyTpp {
  call(url: string, wish?: Omit<CallWish, "ca" | "identity">): Promise<CallAnswer>;
  /** A form with a fresh client assertion (private_key_jwt). */
  authenticated(url: string, parameters: Readonly<Record<string, string>>): Promise<CallAnswer>;
  /** A call of an API of Open Finance: with access token and interaction id, which the answer must repeat. */
  api(url: string, accessToken: string, wish?: Omit<CallWish, "ca" | "identity">): Promise<CallAnswer>;
}

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Reads certificate and keys from a folder that `porteiro directory create-tpp` writes. */
export async function openJourneyTpp(folder: string, clock: Clock): Promise<JourneyTpp> {
  const [cert, key, ca] = await Promise.all([readTppFile(folder, "client.crt"), readTppFile(folder, "client.key"), readTppFile(folder, "ca.crt")]);
  const call: JourneyTpp["call"] = (url, wish = {}) => callHttps(url, { ...wish, ca, identity: { cert, key } });
  return {
    call,
    async authenticated(url, parameters) {
      const assertion = await clientAssertion({ folder, seconds: 60, clock });
      return call(url, formCall({ ...parameters, client_assertion_type: jwtBearer, client_assertion: assertion }));
    },
    async api(url, accessToken, wish = {}) {
      const interactionId = randomUUID();
      const headers = { accept: "application/json", ...wish.headers, authorization: `Bearer ${accessToken}`, "x-fapi-interaction-id": interactionId };
      const answer = await call(url, { ...wish, headers });
      const repeated = String(answer.headers["x-fapi-interaction-id"] ?? "nothing");
      if (repeated.toLowerCase() !== interactionId) {
        throw new Error(`expected ${url} to repeat x-fapi-interaction-id, received ${repeated}`);
      }
      return answer;
    },
  };
}

/** The body of an answer with this status and of this shape. @throws Error that shows what came instead */
export function answered<Schema extends z.ZodType>(answer: CallAnswer, status: number, schema: Schema): z.output<Schema> {
  expectStatus(answer, status);
  const parsed = schema.safeParse(json(answer.text));
  if (!parsed.success) {
    throw new Error(`expected an answer of another shape: ${parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}`);
  }
  return parsed.data;
}

/** @throws Error that shows what came instead */
export function expectStatus({ status, text }: CallAnswer, expected: number): void {
  if (status !== expected) {
    throw new Error(`expected HTTP ${expected}, received ${status}: ${text.slice(0, 600)}`);
  }
}
