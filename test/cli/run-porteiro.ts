import { spawn } from "node:child_process";
import { join } from "node:path";

const launcher = join(import.meta.dirname, "../../scripts/porteiro");

export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the real command as a process of its own, in an environment that holds nothing but what is given. */
export function runPorteiro(environment: Readonly<Record<string, string>>, ...words: string[]): Promise<Run> {
  return runPorteiroReading("", environment, ...words);
}

/** The same with this on its standard input. */
export function runPorteiroReading(input: string, environment: Readonly<Record<string, string>>, ...words: string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(launcher, words, { stdio: ["pipe", "pipe", "pipe"], env: { PATH: process.env["PATH"], ...environment } });
    // A command that reads nothing may be gone before.
    child.stdin.on("error", () => {}).end(input);
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => (out += part));
    child.stderr.setEncoding("utf8").on("data", (part: string) => (err += part));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}
