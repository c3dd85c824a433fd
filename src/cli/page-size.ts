import { InvalidArgumentError } from "commander";

/** An option that says how many entries a page of a list has. */
export function pageSize(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1 || count > 1_000) {
    throw new InvalidArgumentError("Expected a whole number from 1 to 1000.");
  }
  return count;
}
