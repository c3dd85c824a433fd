import { z } from "zod";

/** What the system's codes mean for whoever named a file or a folder. */
const meanings: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "this user may not",
  EPERM: "this user may not",
  EISDIR: "it is a folder, expected a file",
  ENOTDIR: "a part of its path is a file, expected a folder",
  EEXIST: "it is a file, expected a folder",
  ENOSPC: "its disk is full",
  EROFS: "its disk is read-only",
};

/** What went wrong, as a command tells it: a plain sentence, whatever was thrown. */
export function plainSentence(error: unknown): string {
  if (error instanceof SuppressedError) {
    // What went wrong first; closing what was open failed only behind it.
    return plainSentence(error.suppressed);
  }
  if (error instanceof z.ZodError) {
    return error.issues.map(({ path, message }) => [path.join("."), message].filter((part) => part !== "").join(": ")).join("; ");
  }
  if (!(error instanceof Error)) {
    return String(error);
  }
  const { code = "", path, syscall = "use" } = error as NodeJS.ErrnoException;
  const meaning = meanings[code];
  return path === undefined || meaning === undefined ? error.message : `cannot ${syscall} ${path}: ${meaning}`;
}
