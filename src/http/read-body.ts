import type { IncomingMessage } from "node:http";
import { getRawBody } from "raw-body";
import { jsonOf } from "../kernel/json-bytes.ts";
import type { Refusal } from "../kernel/refusal.ts";

export interface BodyLimits {
  readonly maxBytes: number;
}

/** No registration needs more: the deepest member of RFC 7591 has two levels. */
const deepestJson = 10;

export type JsonBody = { readonly json: Readonly<Record<string, unknown>> } | { readonly unreadable: Refusal };

/** Reads a JSON object, or says why it is none. Never rejects for what the client sent. */
export async function readJsonBody(request: IncomingMessage, limits: BodyLimits): Promise<JsonBody> {
  const mediaType = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (mediaType !== "application/json") {
    return unreadable("request.content-type", "application/json", mediaType === "" ? "no content type" : "another content type");
  }
  return jsonBodyOf(await readBytes(request, limits), limits);
}

/** The same of bytes that are here already; undefined stands for more than the limit. */
export function jsonBodyOf(bytes: Uint8Array | undefined, limits: BodyLimits): JsonBody {
  if (bytes === undefined || bytes.length > limits.maxBytes) {
    return unreadable("request.too-large", `at most ${limits.maxBytes} bytes`, "more");
  }
  const value = jsonOf(bytes);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return unreadable("request.not-json", "one JSON object in UTF-8", value === undefined ? "no JSON" : "another JSON value");
  }
  if (depthOf(value, 0) > deepestJson) {
    return unreadable("request.too-deep", `at most ${deepestJson} levels`, "more");
  }
  // An object, as the line above the last one made sure.
  return { json: value as Record<string, unknown> };
}

/**
 * Reads an application/x-www-form-urlencoded body. A parameter that is sent twice is named, because RFC 6749
 * section 3.2 forbids it and the server would else have to guess which one counts.
 */
export async function readForm(request: IncomingMessage, limits: BodyLimits): Promise<ReadonlyMap<string, string> | Refusal> {
  const mediaType = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (mediaType !== "application/x-www-form-urlencoded") {
    return { code: "form.content-type", expected: "application/x-www-form-urlencoded", received: mediaType === "" ? "no content type" : "another content type" };
  }
  const bytes = await readBytes(request, limits);
  if (bytes === undefined) {
    return { code: "form.too-large", expected: `at most ${limits.maxBytes} bytes`, received: "more" };
  }
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(bytes.toString("utf8"))) {
    if (form.has(name)) {
      return { code: "parameter.repeated", expected: "each parameter once", received: name.length <= 40 && /^[\w-]+$/.test(name) ? name : "one twice" };
    }
    form.set(name, value);
  }
  return form;
}

/** Reads a form of one of our own pages, where several values of one name are a choice; undefined when it is none. */
export async function readPageForm(request: IncomingMessage, limits: BodyLimits): Promise<ReadonlyMap<string, readonly string[]> | undefined> {
  const mediaType = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  const bytes = mediaType === "application/x-www-form-urlencoded" ? await readBytes(request, limits) : undefined;
  if (bytes === undefined) {
    return undefined;
  }
  const parameters = new URLSearchParams(bytes.toString("utf8"));
  return new Map([...parameters.keys()].map((name) => [name, parameters.getAll(name)]));
}

/** The whole body, or undefined when it is larger than allowed. */
async function readBytes(request: IncomingMessage, limits: BodyLimits): Promise<Buffer | undefined> {
  try {
    return await getRawBody(request, { limit: limits.maxBytes, length: request.headers["content-length"] ?? null });
  } catch (error) {
    if ((error as { type?: string }).type === "entity.too.large") {
      // The rest is read and thrown away, so that the client gets its answer instead of a broken connection.
      request.resume();
      return undefined;
    }
    throw error;
  }
}

function depthOf(value: unknown, depth: number): number {
  if (typeof value !== "object" || value === null || depth > deepestJson) {
    return depth;
  }
  let deepest = depth + 1;
  for (const inner of Object.values(value)) {
    deepest = Math.max(deepest, depthOf(inner, depth + 1));
  }
  return deepest;
}

function unreadable(code: Refusal["code"], expected: string, received: string): JsonBody {
  return { unreadable: { code, expected, received } };
}
