import { expect } from "chai";
import { once } from "node:events";
import { connect as connectPlain } from "node:net";
import { connect } from "node:tls";

/** A listener; without `ca` it speaks no TLS. */
export interface WireTarget {
  readonly port: number;
  readonly host?: string;
  readonly ca?: string;
}

export interface WireAnswer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly error: string; readonly error_description: string };
  readonly head: string;
}

/** Sends bytes as they are and gives the first answer; the other side must end the connection. */
export async function sendRaw({ port, host = "localhost", ca }: WireTarget, sent: string | Buffer): Promise<WireAnswer> {
  const socket = ca === undefined ? connectPlain({ port, host: "127.0.0.1" }) : connect({ port, host, ca, servername: "localhost" });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  // The server may close while we still write; what it answered before counts.
  socket.on("error", () => undefined);
  await once(socket, ca === undefined ? "connect" : "secureConnect");
  socket.write(sent);
  await once(socket, "close");
  const [head = "", body = ""] = Buffer.concat(chunks).toString("utf8").split("\r\n\r\n");
  return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]), body: JSON.parse(body) as WireAnswer["body"], head };
}

const malformed = (path: string): Record<string, string | Buffer> => ({
  "a request line of letters": "nonsense\r\n\r\n",
  "an unknown method": `BREW ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  "a version that does not exist": `GET ${path} HTTP/9.9\r\nHost: localhost\r\n\r\n`,
  "no Host header": `GET ${path} HTTP/1.1\r\n\r\n`,
  "a header without colon": `GET ${path} HTTP/1.1\r\nHost localhost\r\n\r\n`,
  "a header with a NUL": `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX: a\u0000b\r\n\r\n`,
  "a line feed inside a header": `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX: a\nb\r\n\r\n`,
  "two lengths": `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
  "a length and chunks (request smuggling)": `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "a length below zero": `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n`,
  "a broken chunk": `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
  "random bytes": Buffer.from("8f3a00ff17c2d95b0d0a0d0a", "hex"),
  "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "an address of a host that is none": `GET http://[%25]${path}?code=secret HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  "an address with a broken user part": `GET http://%@x/ HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  "an address of another scheme": `GET ftp://localhost${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  "a host and port alone": `GET localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  "a path with a fragment, behind a broken user part": `GET //%@x/# HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  "a path that is not ASCII": Buffer.from(`GET /caf\u00e9\u00a0 HTTP/1.1\r\nHost: localhost\r\n\r\n`, "latin1"),
});

/** The tests that every listener of the house passes; `path` is one that it serves, or not. */
export function answersMalformedInJson(target: () => WireTarget, path: string): void {
  const expectJson = ({ status, body, head }: WireAnswer, expected: number): void => {
    expect(status).to.equal(expected);
    expect(body).to.have.all.keys("error", "error_description");
    expect(body.error).to.equal("invalid_request");
    expect(body.error_description).to.match(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    expect(head.toLowerCase()).to.contain("content-type: application/json").and.to.contain("connection: close");
  };

  for (const [name, sent] of Object.entries(malformed(path))) {
    it(`${name}: 400`, async () => {
      expectJson(await sendRaw(target(), sent), 400);
    });
  }

  it("headers of 20 KB, or a thousand of them, or a request line of 20 KB: 431", async () => {
    const long = "x".repeat(20_000);
    const many = Array.from({ length: 1_000 }, (_, index) => `X-${index}: ${"y".repeat(20)}`).join("\r\n");
    for (const sent of [`GET ${path} HTTP/1.1\r\nHost: localhost\r\nX: ${long}\r\n\r\n`, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${many}\r\n\r\n`, `GET /${long} HTTP/1.1\r\nHost: localhost\r\n\r\n`]) {
      expectJson(await sendRaw(target(), sent), 431);
    }
  });

  it("an expectation that nobody knows: 417", async () => {
    expectJson(await sendRaw(target(), `POST ${path} HTTP/1.1\r\nHost: localhost\r\nExpect: 200-maybe\r\nContent-Length: 0\r\n\r\n`), 417);
  });
}
