import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "it is missing",
  ENOTDIR: "it is missing",
  EISDIR: "it is a folder",
  EACCES: "this user may not read it",
};

/**
 * The text of a file that a setting names.
 * @throws Error that names the file and says why it cannot be read
 */
export async function readSettingsFile(root: string, file: string): Promise<string> {
  try {
    return await readFile(resolve(root, file), "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new Error(`${file} cannot be read: ${reasons[code] ?? code}`, { cause: error });
  }
}
