import { InvalidArgumentError } from "commander";

/** Reads the value of an option that is a port. */
export function portNumber(text: string): number {
  return wholeNumber(0, 65_535)(text);
}

/** Reads the value of an option that is a whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(number) || number < least || number > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return number;
  };
}
