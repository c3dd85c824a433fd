/** A day of the calendar in Brasília, yyyy-MM-dd. Days compare as text. */
export type Day = string;

const dayMilliseconds = 86_400_000;
// Brasília has had no summer time since 2019.
const brasiliaBehindUtc = 3 * 3_600_000;

/** The day that it is in Brasília. */
export function dayOf(milliseconds: number): Day {
  return new Date(milliseconds - brasiliaBehindUtc).toISOString().slice(0, 10);
}

/** Milliseconds since the epoch at which a second of the day begins in Brasília. */
export function momentOf(day: Day, second: number): number {
  return Date.parse(day) + brasiliaBehindUtc + second * 1000;
}

/** So many days later, or earlier when negative. */
export function addDays(day: Day, days: number): Day {
  return new Date(Date.parse(day) + days * dayMilliseconds).toISOString().slice(0, 10);
}

/** The same day of another month, or that month's last day where it has no such day. */
export function addMonths(day: Day, months: number): Day {
  const start = new Date(`${day.slice(0, 7)}-01`);
  start.setUTCMonth(start.getUTCMonth() + months);
  const month = start.toISOString().slice(0, 7);
  start.setUTCMonth(start.getUTCMonth() + 1, 0);
  return `${month}-${String(Math.min(Number(day.slice(8)), start.getUTCDate())).padStart(2, "0")}`;
}

/** Whether the text names a day that the calendar has. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
}

/** Every day from the first to the last, both included. */
export function daysBetween(first: Day, last: Day): Day[] {
  const count = Math.round((Date.parse(last) - Date.parse(first)) / dayMilliseconds) + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, at) => addDays(first, at));
}

/** The day of the week, 0 on Sundays. */
export function weekdayOf(day: Day): number {
  return new Date(day).getUTCDay();
}
