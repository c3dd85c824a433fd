import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { pinned } from "./cores.ts";

export interface StartedProcess {
  readonly pid: number;
  /** Milliseconds from the start of the process to its ready line. */
  readonly startMs: number;
  /** What stood behind the ready mark, in its line. */
  readonly readyLine: string;
  stop(): Promise<void>;
}

export interface ProcessPlan {
  /** For error messages. */
  readonly name: string;
  readonly command: readonly string[];
  readonly core: number | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  /** What stands in the line on standard output that says that it is ready. */
  readonly readyMark: string;
}

const startPatienceMs = 60_000;
const stopPatienceMs = 10_000;
const linesKept = 30;

/** Starts a process on its core and waits for the line on standard output that has the ready mark. */
export async function startProcess(plan: ProcessPlan): Promise<StartedProcess> {
  const [program, args] = pinned(plan.core, plan.command);
  const startedAt = performance.now();
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...plan.environment },
  });
  const lastLines: string[] = [];
  const remember = (line: string): void => {
    lastLines.push(line);
    if (lastLines.length > linesKept) lastLines.shift();
  };
  createInterface({ input: child.stderr }).on("line", remember);
  const output = createInterface({ input: child.stdout });

  const readyLine = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => giveUp(`was not ready within ${startPatienceMs / 1000} s`), startPatienceMs);
    const giveUp = (what: string): void => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(new Error(`${plan.name} ${what}. Its last lines:\n${lastLines.join("\n")}`));
    };
    child.once("error", (error) => giveUp(`could not be started (${error.message})`));
    // "close" and not "exit": by then what it said last has been read.
    child.once("close", (code, signal) => giveUp(`ended at once (${signal ?? `code ${code}`})`));
    output.on("line", (line) => {
      remember(line);
      const mark = line.indexOf(plan.readyMark);
      if (mark === -1) return;
      clearTimeout(timer);
      child.removeAllListeners("close");
      resolve(line.slice(mark + plan.readyMark.length).trim());
    });
  });
  if (child.pid === undefined) throw new Error(`${plan.name} has no process id`);
  return { pid: child.pid, startMs: performance.now() - startedAt, readyLine, stop: () => endProcess(child) };
}

/** Ends a process with SIGTERM, and with SIGKILL when it does not listen. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopPatienceMs);
  await ended;
  clearTimeout(timer);
}
