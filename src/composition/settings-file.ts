import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Surroundings } from "./surroundings.ts";

/** Reads a file that a setting names. @throws Error with the setting, the file and what is wrong with it */
export async function readSettingsFile({ root }: Pick<Surroundings, "root">, setting: string, file: string): Promise<string> {
  const path = resolve(root, file);
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${setting}: cannot read ${path}: ${code === "ENOENT" ? "there is no such file" : code}`, { cause: error });
  }
}
