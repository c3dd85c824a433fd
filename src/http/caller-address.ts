import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { plainAddress, type IsTrustedProxy } from "./trusted-proxies.ts";

/** The headers in which proxies tell whom they speak for: RFC 7239, and the one that came before it. */
export type CallerAddressHeader = "forwarded" | "x-forwarded-for";

/** The IP address that limits by address count a request under; undefined where a proxy does not tell it. */
export type CallerAddress = (request: IncomingMessage) => string | undefined;

/**
 * Tells who calls. A listed proxy is believed, and nobody else: of what its header lists, the last address that is no
 * listed proxy's. What stands before that came from who knows where. Only one header is read, the one that the proxies
 * are known to write: the other comes through them as the caller sent it.
 */
export function createCallerAddress(needs: { isTrustedProxy: IsTrustedProxy; header: CallerAddressHeader }): CallerAddress {
  const { isTrustedProxy, header } = needs;
  const addressIn = header === "forwarded" ? addressInForwarded : addressInNode;
  return ({ socket, headers }) => {
    // Who has hung up already has no address any more, and shares one limit with all who did.
    const neighbour = plainAddress(socket.remoteAddress ?? "");
    if (!isTrustedProxy(neighbour)) {
      return neighbour;
    }
    let farthest: string | undefined;
    for (const element of elementsFromTheEnd([headers[header] ?? []].flat().join(","))) {
      farthest = addressIn(element);
      if (!isTrustedProxy(farthest)) {
        break;
      }
    }
    return farthest;
  };
}

/** Read from the end: only what stands there is sure to be well-formed, since a proxy wrote it. A comma in quotes parts nothing. */
function* elementsFromTheEnd(list: string): Generator<string> {
  let [end, quoted] = [list.length, false];
  for (let at = list.length - 1; at >= -1; at -= 1) {
    if (list[at] === '"' && list[at - 1] !== "\\") {
      quoted = !quoted;
    }
    if (at === -1 || (list[at] === "," && !quoted)) {
      yield list.slice(at + 1, end).trim();
      end = at;
    }
  }
}

/** The `for` of a forwarded element (RFC 7239 section 4). */
function addressInForwarded(element: string): string | undefined {
  const pairs = element.matchAll(/([^\s=;,"]+)=(?:"((?:[^"\\]|\\.)*)"|([^;,"]*))/g);
  const found = [...pairs].find(([, name]) => name?.toLowerCase() === "for");
  return found && addressInNode(found[2] ?? found[3] ?? "");
}

/** An address with or without port; undefined for `unknown`, for an invented name, and for what is no address at all. */
function addressInNode(node: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(node)?.[1] ?? /^([\d.]+)(?::\d+)?$/.exec(node)?.[1] ?? node;
  return isIP(bare) === 0 ? undefined : plainAddress(bare);
}
