import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { settingsLeaves } from "../../src/settings/load-settings.ts";

const root = resolve(import.meta.dirname, "../..");

const running = new Set<ChildProcess>();
// A test that fails before it stops its server leaves none behind.
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

export interface ServerProcess {
  readonly child: ChildProcess;
  /** What it has logged so far, line by line. */
  readonly logged: readonly string[];
  /** Asks it to stop; resolves with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Runs `porteiro serve` as a process of its own under these settings and waits until it says that it is ready. */
export async function startServerProcess(settings: Readonly<Record<string, unknown>>): Promise<ServerProcess> {
  const child = spawn(resolve(root, "scripts/porteiro"), ["serve"], {
    cwd: root,
    env: { PATH: process.env["PATH"], ...environmentOf(settings) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const logged: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => logged.push(line));
  running.add(child);
  child.once("exit", () => running.delete(child));
  const exited = once(child, "exit");
  const ready = new Promise<void>((done) => {
    createInterface({ input: child.stdout }).on("line", (line) => line.startsWith("ready ") && done());
  });
  await Promise.race([
    ready,
    exited.then(([code]) => {
      throw new Error(`porteiro serve ended with ${String(code)}: ${logged.join("\n")}`);
    }),
  ]);
  return {
    child,
    logged,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
}

/** The settings as environment variables. */
export function environmentOf(settings: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    settingsLeaves().flatMap(({ path, variable }) => {
      const value = path.reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], settings);
      return value === undefined ? [] : [[variable, typeof value === "string" ? value : JSON.stringify(value)]];
    }),
  );
}
