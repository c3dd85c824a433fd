import type { Server } from "node:http";
import type { Duplex } from "node:stream";

/** Node's own parser gives up before any of our code runs: what to answer for each of its error codes. */
const answers: Record<string, { status: string; error: string; description: string }> = {
  HPE_HEADER_OVERFLOW: {
    status: "431 Request Header Fields Too Large",
    error: "invalid_request",
    description: "The request headers are larger than 16 KB. Send fewer or shorter headers.",
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: "408 Request Timeout",
    error: "invalid_request",
    description: "The request did not arrive completely in time. Send it again in one go.",
  },
};

const malformed = {
  status: "400 Bad Request",
  error: "invalid_request",
  description: "The request is not well-formed HTTP/1.1.",
};

/** Makes Node's own parser errors (400, 408, 431) answer JSON like every other error of the server. */
export function answerParserErrorsInJson(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const answer = answers[error.code ?? ""] ?? malformed;
    const body = JSON.stringify({ error: answer.error, error_description: answer.description });
    socket.end(
      `HTTP/1.1 ${answer.status}\r\nContent-Type: application/json; charset=utf-8\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
    );
  });
}
