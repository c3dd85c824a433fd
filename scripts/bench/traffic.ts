import { readFileSync } from "node:fs";
import type { Answer } from "./response-reader.ts";

/** A certificate that connections show, as PEM. */
export interface Identity {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** What to send, as data that travels to the load generator's process. */
export type Traffic =
  | { readonly kind: "static"; readonly path: string }
  /** Forms of clients in turn, each sent with a client assertion of its client. */
  | {
      readonly kind: "authenticated";
      readonly path: string;
      /** Used in turn, over and over, as long as there are assertions: as many as clients, or a multiple. */
      readonly forms: readonly string[];
      /** How many requests there are to make; the file may hold more assertions. */
      readonly count: number;
      /** One fresh client assertion a line, the clients in turn; each is used once. */
      readonly assertionsFile: string;
      readonly expected: { readonly status: number; readonly mark: string };
    }
  /** A bank's resource, read with bearer tokens in turn. */
  | { readonly kind: "resource"; readonly path: string; readonly tokens: readonly string[]; readonly mark: string }
  | {
      readonly kind: "introspection";
      readonly path: string;
      /** Sent along with the token, where the server tells resource servers by it. */
      readonly clientId: string | undefined;
      readonly tokens: readonly string[];
    }
  /** One body for each connection, registered and deleted over and over. */
  | { readonly kind: "registration"; readonly path: string; readonly bodies: readonly string[] };

/** What one connection says: operations of one or more requests, one after the other. */
export interface Conversation {
  /** The first request of the next operation; undefined when the prepared ones are used up. */
  begin(): Buffer | undefined;
  /** Judges an answer: the operation's next request, or that it is done, or that the answer was not the right one. */
  proceed(answer: Answer): Buffer | "done" | "unexpected";
}

export interface Script {
  /** How many operations are prepared; undefined where they can be repeated for ever. */
  readonly prepared: number | undefined;
  conversation(connection: number): Conversation;
}

const interactionId = "x-fapi-interaction-id: c770aef3-6784-41f7-8e0e-ff5f97bddb3a";
const formType = "application/x-www-form-urlencoded";
const assertionType = encodeURIComponent("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");

function request(method: string, path: string, headers: readonly string[], body: string): Buffer {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: localhost",
    "Accept: application/json",
    ...headers,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

function post(path: string, type: string, body: string): Buffer {
  return request("POST", path, [`Content-Type: ${type}`], body);
}

/** Operations of one request each, handed out to all connections in turn. */
function oneRequestEach(requests: readonly Buffer[], repeat: boolean, mark: string, status = 200): Script {
  const expected = Buffer.from(mark);
  let next = 0;
  const conversation: Conversation = {
    begin() {
      if (repeat && next === requests.length) next = 0;
      return requests[next++];
    },
    proceed: (answer) => (answer.status === status && answer.body.includes(expected) ? "done" : "unexpected"),
  };
  return { prepared: repeat ? undefined : requests.length, conversation: () => conversation };
}

function registrationScript(path: string, bodies: readonly string[]): Script {
  const registrations = bodies.map((body) => post(path, "application/json", body));
  return {
    prepared: undefined,
    conversation(connection) {
      let deleting = false;
      return {
        begin() {
          deleting = false;
          return registrations[connection];
        },
        proceed(answer) {
          if (deleting) return answer.status === 204 ? "done" : "unexpected";
          if (answer.status !== 201) return "unexpected";
          deleting = true;
          return deletion(answer.body);
        },
      };
    },
  };
}

function deletion(registered: Buffer): Buffer | "unexpected" {
  const { registration_client_uri: uri, registration_access_token: token }: Record<string, unknown> = JSON.parse(
    registered.toString(),
  );
  if (typeof uri !== "string" || typeof token !== "string") return "unexpected";
  return request("DELETE", new URL(uri).pathname, [`Authorization: Bearer ${token}`], "");
}

/** Prepares every request of a measurement, so that nothing but sending is left for the measured time. */
export function prepareScript(traffic: Traffic): Script {
  switch (traffic.kind) {
    case "static":
      return oneRequestEach([post(traffic.path, formType, "token=static")], true, "active");
    case "authenticated": {
      const { forms, expected } = traffic;
      const end = `&client_assertion_type=${assertionType}&client_assertion=`;
      const assertions = readFileSync(traffic.assertionsFile, "latin1").trim().split("\n").slice(0, traffic.count);
      return oneRequestEach(
        assertions.map((assertion, index) => post(traffic.path, formType, `${forms[index % forms.length] ?? ""}${end}${assertion}`)),
        false,
        expected.mark,
        expected.status,
      );
    }
    case "resource":
      return oneRequestEach(
        traffic.tokens.map((token) => request("GET", traffic.path, [`Authorization: Bearer ${token}`, interactionId], "")),
        true,
        traffic.mark,
      );
    case "introspection": {
      const client = traffic.clientId === undefined ? "" : `&client_id=${encodeURIComponent(traffic.clientId)}`;
      return oneRequestEach(
        traffic.tokens.map((token) => post(traffic.path, formType, `token=${encodeURIComponent(token)}${client}`)),
        true,
        '"active":true',
      );
    }
    case "registration":
      return registrationScript(traffic.path, traffic.bodies);
  }
}
