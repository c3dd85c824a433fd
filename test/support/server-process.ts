import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { settingsLeaves } from "../../src/settings/load-settings.ts";

const root = resolve(import.meta.dirname, "../..");

const running = new Set<ChildProcess>();
// A test that fails before it stops its server leaves none behind.
process.once("exit", () => running.forEach(killGroup));

function killGroup({ pid = 0 }: ChildProcess): void {
  try {
    if (pid > 0) process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}

export interface ServerProcess {
  readonly child: ChildProcess;
  /** What it has logged so far, line by line. */
  readonly logged: readonly string[];
  /** Asks it to stop; resolves with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** As a terminal does at Ctrl-C: signals it and all that it has started. */
  stopGroup(signal?: NodeJS.Signals): Promise<number | null>;
  /** kill -9 of all of it. */
  kill(): void;
}

/**
 * Runs `porteiro serve`, or a command that comes to the same, as a process of its own under these settings, at the head
 * of a group of its own, and waits until it says that it is ready.
 */
export async function startServerProcess(settings: Readonly<Record<string, unknown>>, command: readonly [string, ...string[]] = ["scripts/porteiro", "serve"]): Promise<ServerProcess> {
  const [program, ...words] = command;
  const child = spawn(program, words, {
    cwd: root,
    env: { PATH: process.env["PATH"], ...environmentOf(settings) },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
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
      throw new Error(`${command.join(" ")} ended with ${String(code)}: ${logged.join("\n")}`);
    }),
  ]);
  const code = async () => ((await exited) as [number | null])[0];
  return {
    child,
    logged,
    stop(signal = "SIGTERM") {
      child.kill(signal);
      return code();
    },
    stopGroup(signal = "SIGINT") {
      process.kill(-Number(child.pid), signal);
      return code();
    },
    kill: () => killGroup(child),
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
