import type { Middleware } from "koa";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../kernel/clock.ts";
import type { GuardedState } from "../token-guard.ts";
import { dataRefusal } from "./data-refusals.ts";

const windowMilliseconds = 60_000;
const clientsRemembered = 10_000;

/**
 * Makes the middleware, to stand behind a token guard, that refuses a client's calls beyond so many in one minute of
 * the clock. Counted in this process alone.
 */
export function limitCalls({ callsPerMinute, clock }: { callsPerMinute: number; clock: Clock }): Middleware<GuardedState> {
  const counts = new LRUCache<string, { window: number; calls: number }>({ max: clientsRemembered });

  return (ctx, next) => {
    const now = clock();
    const window = Math.floor(now / windowMilliseconds);
    const { clientId } = ctx.state.token;
    const known = counts.get(clientId);
    const count = known?.window === window ? known : { window, calls: 0 };
    count.calls += 1;
    counts.set(clientId, count);
    if (count.calls <= callsPerMinute) return next();
    const seconds = Math.ceil(((window + 1) * windowMilliseconds - now) / 1000);
    ctx.set("Retry-After", String(seconds));
    throw dataRefusal("LIMITE_EXCEDIDO", `São ${callsPerMinute} requisições por minuto e aplicação. Espere ${seconds} segundos.`);
  };
}
