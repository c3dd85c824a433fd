import { InvalidArgumentError } from "commander";

/** How many entries a command prints at most, as typed. */
export function pageSize(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1 || count > 1_000) {
    throw new InvalidArgumentError("Expected a whole number from 1 to 1000.");
  }
  return count;
}
