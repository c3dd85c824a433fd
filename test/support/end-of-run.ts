import { rmSync } from "node:fs";

/**
 * Stops what several test files share, once no file needs it any more. In a serial run that is the root hook. In a
 * parallel run a worker takes one file after the other and runs root hooks after each, while what its modules hold
 * lives on: there the worker's own end frees ports and processes, and only folders are left to remove.
 */
export function atEndOfRun(shared: { stop: () => Promise<unknown>; folder?: () => string | undefined }): void {
  if (process.env["MOCHA_WORKER_ID"] === undefined) {
    after(async () => {
      await shared.stop();
    });
    return;
  }
  process.once("exit", () => {
    const folder = shared.folder?.();
    if (folder !== undefined) {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
