/**
 * Whoever asks once is often heard twice: a terminal signals the whole process group and npm passes the signal on;
 * systemd signals every process of a service, and the one in front passes it on to the others.
 */
const sameRequestMilliseconds = 2_000;

/** Resolves when the process is asked to stop (SIGTERM, SIGINT); asked again, not just heard twice, it ends at once. */
export function onceAskedToStop(): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const stop = () => {
      const now = performance.now();
      askedAt ??= now;
      if (now - askedAt > sameRequestMilliseconds) {
        process.exit(1);
      }
      resolve();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
}
