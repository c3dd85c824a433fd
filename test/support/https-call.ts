import { request, type Agent } from "node:https";
import type { TlsIdentity } from "./sandbox.ts";

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON; throws when it is none. */
  // A test looks at whatever came; chai says what is wrong with it.
  // oxlint-disable-next-line typescript/no-explicit-any
  json(): any;
}

export interface HttpsCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The request target as it is written, where that is not the address's path. */
  readonly target?: string;
  /** The client certificate; none when left out. */
  readonly identity?: TlsIdentity;
  readonly ca: string;
  /** OpenSSL sends a weak certificate (SHA-1, RSA-1024) only at security level 0. */
  readonly weak?: boolean;
  /** Keeps connections; without it each call has its own. */
  readonly agent?: Agent;
}

/** One request, on a connection of its own unless an agent is given. */
export function httpsCall(url: string, call: HttpsCall): Promise<HttpsAnswer> {
  const { identity, ca, body } = call;
  // A test may send any Host header; the certificate must be that of the address all the same.
  const servername = call.headers?.["host"] === undefined ? {} : { servername: new URL(url).hostname };
  const headers = { ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }), ...call.headers };
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: call.method ?? "GET", headers, ca, agent: call.agent ?? false, ...(call.target === undefined ? {} : { path: call.target }), ...servername, ...identity, ...(call.weak ? { ciphers: "DEFAULT@SECLEVEL=0" } : {}) },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: () => JSON.parse(text) });
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

/** A form as the token endpoint takes it. */
export function form(parameters: Readonly<Record<string, string | undefined>>): Pick<HttpsCall, "method" | "headers" | "body"> {
  const present = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(present).toString(),
  };
}
