import { spawn } from "node:child_process";
import { once } from "node:events";

/** What `openssl s_client` saw of one handshake. */
export interface Handshake {
  readonly completed: boolean;
  readonly protocol: string | undefined;
  readonly cipher: string | undefined;
  /** Number of the fatal alert that the server sent; undefined when it sent none. */
  readonly alert: number | undefined;
  readonly output: string;
}

/** TLS alerts (RFC 8446 section 6). */
export const handshakeFailure = 40;
export const protocolVersion = 70;

/**
 * One connection of OpenSSL's own client, without client certificate unless the options name one.
 * @param input what is typed into the connection; a line with a single R asks for renegotiation
 */
export async function shakeHands(url: string, options: readonly string[], input = "Q\n"): Promise<Handshake> {
  const { hostname, port } = new URL(url);
  const client = spawn("openssl", ["s_client", "-connect", `${hostname}:${port}`, "-servername", hostname, ...options], { stdio: "pipe" });
  let output = "";
  client.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("latin1")));
  client.stderr.on("data", (chunk: Buffer) => (output += chunk.toString("latin1")));
  // It may be gone before it reads.
  client.stdin.on("error", () => {});
  client.stdin.write(input);
  // Too early an end of the input would end the connection before the server has answered it.
  const patience = setTimeout(() => client.stdin.end(), 10_000);
  await once(client, "close");
  clearTimeout(patience);
  const [, protocol, cipher] = /(?:New|Reused), (TLSv[\d.]+), Cipher is (\S+)/.exec(output) ?? [];
  const alert = /SSL alert number (\d+)/.exec(output)?.[1];
  return { completed: cipher !== undefined, protocol, cipher, alert: alert === undefined ? undefined : Number(alert), output };
}
