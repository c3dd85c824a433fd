import { request } from "node:https";

export interface CallWish {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The client certificate with its key, PEM. */
  readonly identity?: { readonly cert: string; readonly key: string };
  /** PEM of the authority behind the server's certificate. */
  readonly ca: string;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const patienceMs = 30_000;

/** One raw request on a connection of its own. @throws Error that names the address when nobody answers there */
export function callHttps(url: string, wish: CallWish): Promise<CallAnswer> {
  const { method = "GET", headers, body, identity, ca } = wish;
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(new Error(`No answer from ${method} ${url}: ${error.code ?? error.message}`, { cause: error }));
    const sent = request(url, { method, headers: { ...length, ...headers }, ca, agent: false, timeout: patienceMs, ...identity }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", failed);
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks).toString("utf8") }));
    });
    sent.on("timeout", () => sent.destroy(new Error(`silence for ${patienceMs / 1000} s`)));
    sent.on("error", failed);
    sent.end(body);
  });
}

/** Method, header and body of a form. */
export function formCall(parameters: Readonly<Record<string, string>>): Pick<CallWish, "method" | "headers" | "body"> {
  return { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams(parameters).toString() };
}

/** Method, header and body of a JSON document. */
export function jsonCall(document: unknown): Pick<CallWish, "method" | "headers" | "body"> {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(document) };
}
