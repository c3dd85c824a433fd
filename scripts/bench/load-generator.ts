/**
 * The load generator's own process, so that what it costs is not counted as the server's. It takes orders over the
 * IPC channel of the process that started it and answers each with one message.
 */
import { collectBodies, runLoad, type LoadFigures, type Target, type Timing, type Watched } from "./load-run.ts";
import { prepareScript, type Traffic } from "./traffic.ts";

export type LoadOrder =
  | { readonly do: "measure"; target: Target; traffic: Traffic; timing: Timing; watched: Watched }
  | { readonly do: "collect"; target: Target; traffic: Traffic; connections: number };

export type LoadReport =
  | { readonly figures: LoadFigures }
  | { readonly bodies: readonly string[] }
  | { readonly failed: string };

async function carryOut(order: LoadOrder): Promise<LoadReport> {
  const script = prepareScript(order.traffic);
  return order.do === "measure"
    ? { figures: await runLoad(order.target, script, order.timing, order.watched) }
    : { bodies: await collectBodies(order.target, script, order.connections) };
}

process.on("message", (order: LoadOrder) => {
  carryOut(order).then(
    (report) => process.send?.(report),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
