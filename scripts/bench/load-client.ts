import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { endProcess } from "./child-process.ts";
import { pinned } from "./cores.ts";
import type { LoadOrder, LoadReport } from "./load-generator.ts";
import type { LoadFigures, Target, Timing, Watched } from "./load-run.ts";
import type { Traffic } from "./traffic.ts";

export interface LoadGenerator {
  measure(target: Target, traffic: Traffic, timing: Timing, watched: Watched): Promise<LoadFigures>;
  /** Says everything once and returns the answers' bodies. */
  collect(target: Target, traffic: Traffic, connections: number): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Starts the load generator's process on the core and gives orders to it, one at a time. */
export function startLoadGenerator(core: number | undefined): LoadGenerator {
  const script = fileURLToPath(new URL("load-generator.ts", import.meta.url));
  const [program, args] = pinned(core, [process.execPath, script]);
  const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });

  async function order(what: LoadOrder): Promise<LoadReport> {
    const watch = new AbortController();
    const answered = once(child, "message", { signal: watch.signal });
    const died = once(child, "exit", { signal: watch.signal }).then(() => {
      throw new Error("The load generator ended in the middle of a measurement");
    });
    child.send(what);
    try {
      const [report]: LoadReport[] = await Promise.race([answered, died]);
      if (!report || "failed" in report) throw new Error(`The load generator failed: ${report?.failed ?? "no answer"}`);
      return report;
    } finally {
      watch.abort();
      await Promise.allSettled([answered, died]);
    }
  }

  return {
    async measure(target, traffic, timing, watched) {
      const report = await order({ do: "measure", target, traffic, timing, watched });
      if (!("figures" in report)) throw new Error("The load generator answered an order it was not given");
      return report.figures;
    },
    async collect(target, traffic, connections) {
      const report = await order({ do: "collect", target, traffic, connections });
      if (!("bodies" in report)) throw new Error("The load generator answered an order it was not given");
      return report.bodies;
    },
    stop: () => endProcess(child),
  };
}
