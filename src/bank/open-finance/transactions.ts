import { createHash } from "node:crypto";
import type { SharedAccount } from "../sample-data.ts";
import { addMonths, dayOf, daysBetween, momentOf, type Day } from "./calendar.ts";
import type { Period } from "./booking-period.ts";
import { sampleHabits, type Habits, type Movement } from "./sample-habits.ts";

/** One transaction of an account. */
export interface Transaction {
  /** 32 hexadecimal digits; stands for good once the transaction is settled. */
  readonly id: string;
  readonly state: "TRANSACAO_EFETIVADA" | "LANCAMENTO_FUTURO" | "TRANSACAO_PROCESSANDO";
  readonly movement: Movement;
  readonly centavos: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

// Within these hours the day is the same in Brasília and in UTC, however a reader of the answer takes it.
const opens = 7 * 3600;
const closes = 20.5 * 3600;
/** How far ahead scheduled movements are known. */
const monthsScheduled = 3;

/** Kinds that settle on the day after: until then they are being processed, under an id that does not last. */
const settledNextDay = new Set<Movement["type"]>(["BOLETO", "CARTAO", "DEPOSITO", "SAQUE", "CONVENIO_ARRECADACAO"]);

/**
 * The transactions of an account on the days of a period, the latest first. Each day is worked out from the account's
 * number and the day alone, so that the past never changes and every process knows the same one.
 * @param now milliseconds since the epoch: what is later has only been scheduled.
 */
export function transactionsOf(account: SharedAccount, period: Period, now: number): Transaction[] {
  const habits = sampleHabits[account.number];
  if (habits === undefined) return [];
  const horizon = addMonths(dayOf(now), monthsScheduled);
  const last = period.last < horizon ? period.last : horizon;
  return daysBetween(period.first, last)
    .flatMap((day) => movementsOn(account.number, habits, day))
    .map((entry) => toTransaction(account.number, entry, now))
    .filter((transaction) => transaction !== undefined)
    .sort((one, other) => other.at - one.at || (one.id < other.id ? -1 : 1));
}

interface Entry {
  readonly movement: Movement;
  readonly centavos: number;
  readonly day: Day;
  /** Which of the day's movements it is. */
  readonly position: number;
  /** Second of the day. */
  readonly second: number;
  readonly scheduled: boolean;
}

function movementsOn(accountNumber: string, habits: Habits, day: Day): Entry[] {
  return [...dailyYield(habits), ...monthlyMovements(habits, day), ...casualMovements(accountNumber, habits, day)].map(
    (entry, position) => ({ ...entry, day, position }),
  );
}

type EntryOfSomeDay = Omit<Entry, "day" | "position">;

function dailyYield({ dailyYieldCentavos }: Habits): EntryOfSomeDay[] {
  if (dailyYieldCentavos === undefined) return [];
  const movement = { type: "RENDIMENTO_APLIC_FINANCEIRA", direction: "CREDITO", name: "RENDIMENTO APLICAÇÃO AUTOMÁTICA" } as const;
  return [{ movement, centavos: dailyYieldCentavos, second: 0, scheduled: false }];
}

function monthlyMovements({ monthly }: Habits, day: Day): EntryOfSomeDay[] {
  return monthly
    .filter(({ dayOfMonth }) => dayOfMonth === Number(day.slice(8)))
    .map((movement) => ({ movement, centavos: movement.centavos, second: opens, scheduled: true }));
}

function casualMovements(accountNumber: string, { casual, leastADay, mostADay }: Habits, day: Day): EntryOfSomeDay[] {
  if (mostADay === 0) return [];
  // 64 bytes: one for the count, five for each movement of at most eight.
  const bytes = createHash("sha512").update(`${accountNumber}/${day}`).digest();
  const count = leastADay + ((bytes[0] ?? 0) % (mostADay - leastADay + 1));
  return Array.from({ length: count }, (_, at) => casualMovement(casual, bytes.subarray(1 + at * 5, 6 + at * 5))).filter(
    (entry) => entry !== undefined,
  );
}

function casualMovement(casual: Habits["casual"], bytes: Buffer): EntryOfSomeDay | undefined {
  const movement = casual[bytes.readUInt8(0) % casual.length];
  if (movement === undefined) return undefined;
  const { leastCentavos, mostCentavos } = movement;
  const share = (offset: number) => bytes.readUInt16BE(offset) / 65_536;
  return {
    movement,
    centavos: leastCentavos + Math.floor(share(1) * (mostCentavos - leastCentavos + 1)),
    second: opens + Math.floor(share(3) * (closes - opens)),
    scheduled: false,
  };
}

/** Undefined for what nobody can know yet. */
function toTransaction(accountNumber: string, entry: Entry, now: number): Transaction | undefined {
  const { movement, centavos, day, position, second, scheduled } = entry;
  const at = momentOf(day, second);
  const id = (state: string) => createHash("sha256").update(`${accountNumber}/${day}/${position}/${state}`).digest("hex").slice(0, 32);
  if (at > now) {
    return scheduled ? { id: id("future"), state: "LANCAMENTO_FUTURO", movement, centavos, at } : undefined;
  }
  if (day === dayOf(now) && settledNextDay.has(movement.type)) {
    return { id: id("processing"), state: "TRANSACAO_PROCESSANDO", movement, centavos, at };
  }
  return { id: id("settled"), state: "TRANSACAO_EFETIVADA", movement, centavos, at };
}
