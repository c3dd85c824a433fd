/** Resolves when the process is asked to stop (SIGTERM, SIGINT); a second signal ends it at once. */
export function onceAskedToStop(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = () => {
      if (asked) {
        process.exit(1);
      }
      asked = true;
      resolve();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
}
