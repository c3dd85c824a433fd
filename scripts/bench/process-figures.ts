import { readFileSync } from "node:fs";

/** The kernel's unit in /proc/<pid>/stat: USER_HZ is 100 on every Linux that Node.js runs on. */
const microsecondsPerTick = 10_000;

/** User and system time of all threads so far, in microseconds, out of the text of /proc/<pid>/stat. */
export function cpuMicrosecondsIn(stat: string): number {
  // The second field, the command's name in brackets, may itself hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const userTicks = Number(fields[11]);
  const systemTicks = Number(fields[12]);
  if (!Number.isInteger(userTicks) || !Number.isInteger(systemTicks)) {
    throw new Error(`Expected utime and stime in /proc/<pid>/stat, found "${stat.slice(0, 100)}"`);
  }
  return (userTicks + systemTicks) * microsecondsPerTick;
}

/** Anonymous resident memory in bytes, out of the text of /proc/<pid>/status. */
export function anonymousBytesIn(status: string): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined) throw new Error("Expected a line RssAnon in /proc/<pid>/status; found none");
  return Number(kilobytes) * 1024;
}

/** CPU time that the processes have used so far, threads included, in microseconds. */
export function cpuMicroseconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMicrosecondsIn(readFileSync(`/proc/${pid}/stat`, "latin1")), 0);
}

/** Anonymous resident memory of one process, in bytes. */
export function anonymousBytes(pid: number): number {
  return anonymousBytesIn(readFileSync(`/proc/${pid}/status`, "latin1"));
}
