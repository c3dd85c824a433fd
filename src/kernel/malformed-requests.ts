import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/**
 * What no listener of the house hands to its application, and answers in JSON like every other error: what Node's own
 * parser gives up on, unknown expectations, a missing Host, a target that is no address.
 */

/** Node's own parser gives up before any of our code runs: what to answer for each of its error codes. */
const answers: Record<string, { status: string; description: string }> = {
  HPE_HEADER_OVERFLOW: {
    status: "431 Request Header Fields Too Large",
    description: "The request headers are larger than 16 KB. Send fewer or shorter headers.",
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: "408 Request Timeout",
    description: "The request did not arrive completely in time. Send it again in one go.",
  },
};

const malformed = {
  status: "400 Bad Request",
  description: "The request is not well-formed HTTP/1.1.",
};

/** A server option for `wellFormedOnly`: Node would answer a request without Host with an empty 400. */
export const hostIsJudgedHere = { requireHostHeader: false } as const;

/** Makes Node's own answers (400, 408, 417, 431) JSON. */
export function answerMalformedInJson(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const { status, description } = answers[error.code ?? ""] ?? malformed;
    const body = bodyOf(description);
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
    );
  });
  server.on("checkExpectation", (_request, response: ServerResponse) => {
    refuse(response, 417, "The Expect header asks for something else than 100-continue.");
  });
}

/** Lets through what names its host (RFC 9112 section 3.2), with its target as a path. Nothing else is decided here. */
export function wellFormedOnly(handler: RequestListener): RequestListener {
  return (request, response) => {
    if (request.httpVersion === "1.1" && request.headers.host === undefined) {
      refuse(response, 400, "The request has no Host header. HTTP/1.1 demands one.");
      return;
    }
    if (!takesOriginForm(request)) {
      refuse(response, 400, "The request target is neither a path nor an http or https URL with one.");
      return;
    }
    handler(request, response);
  };
}

/** RFC 3986 section 2, and no fragment: whatever else stands in a target may be read by each parser in its own way. */
const originForm = /^\/[\x21\x22\x24-\x7e]*$/;
/** With a user part it is an error (RFC 9110 section 4.2.4). */
const absoluteForm = /^https?:\/\/([^/?#@]+)([/?].*)?$/i;

/** Reduces an absolute target to its path, and lets its host stand for the Host header (RFC 9112 section 3.2.2). */
function takesOriginForm(request: IncomingMessage): boolean {
  const { url = "" } = request;
  if (!url.startsWith("/")) {
    const [, host, rest = ""] = URL.canParse(url) ? (absoluteForm.exec(url) ?? []) : [];
    if (host === undefined) {
      return false;
    }
    request.headers.host = host;
    request.url = rest.startsWith("/") ? rest : `/${rest}`;
  }
  return originForm.test(request.url ?? "");
}

function refuse(response: ServerResponse, status: number, description: string): void {
  const body = bodyOf(description);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    connection: "close",
  });
  response.end(body);
}

function bodyOf(description: string): string {
  return JSON.stringify({ error: "invalid_request", error_description: description });
}
