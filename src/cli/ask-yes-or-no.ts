import { createInterface } from "node:readline/promises";

/** Asks on the terminal; only `yes` (or `y`) counts as yes, and nobody there to ask counts as no. */
export async function askYesOrNo(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^(yes|y)$/i.test((await terminal.question(`${question} [yes/no] `)).trim());
  } finally {
    terminal.close();
  }
}
