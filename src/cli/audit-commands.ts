import { open as openFile, rename, rm } from "node:fs/promises";
import { InvalidArgumentError, type Command } from "commander";
import { z } from "zod";
import type { Clock } from "../kernel/clock.ts";
import type { Randomness } from "../kernel/identifiers.ts";
import type { Log } from "../kernel/log.ts";
import { derivedKey } from "../kernel/secret-box.ts";
import { createAuditSequencer } from "../policy/audit/audit-sequencer.ts";
import { exportTrail, latestRecords, walkTrail, type ShownRecord } from "../policy/audit/read-trail.ts";
import { checkpointOfFile, verifyTrailFile } from "../policy/audit/trail-file.ts";
import type { TrailBeginning } from "../policy/audit/trail-beginning.ts";
import type { Verdict } from "../policy/audit/verify-chain.ts";
import type { Store } from "../store/store.ts";
import { wholeNumber } from "./option-values.ts";
import { plainSentence } from "./plain-sentence.ts";
import { print, textTable } from "./terminal-text.ts";

/** What the commands need of an installation; `encryptionKey` is 32 bytes in base64url. */
export interface OpenedTrail {
  readonly store: Store;
  readonly beginning: TrailBeginning;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly encryptionKey: string;
  close(): Promise<void>;
}

export type OpenTrail = () => Promise<OpenedTrail>;

/** Adds `porteiro audit show|verify|export`. A fault in the trail, or a failure, sets the exit code to 1. */
export function registerAuditCommands(program: Command, open: OpenTrail): void {
  const audit = program.command("audit").description("the audit trail: who changed what, and the proof that nothing of it was altered");
  addShow(audit, open);
  addVerify(audit, open);
  addExport(audit, open);
}

interface ShowOptions {
  readonly client?: string;
  readonly action?: string;
  readonly since?: number;
  readonly limit: number;
  readonly json?: true;
}

function addShow(audit: Command, open: OpenTrail): void {
  audit
    .command("show")
    .description("print the latest entries, oldest first; times are UTC")
    .option("--client <id>", "only of this client")
    .option("--action <action>", "only this action, such as client.updated, or all of a kind, such as client")
    .option("--since <time>", "only from this time on: 2026-01-31 or 2026-01-31T12:00:00Z", timeInUtc)
    .option("--limit <count>", "at most this many entries", wholeNumber(1, Number.MAX_SAFE_INTEGER), 50)
    .option("--json", "print the records as stored, one JSON document a line")
    .addHelpText("after", "\nExample: porteiro audit show --action client --since 2026-01-31")
    .action(async ({ json, ...filter }: ShowOptions) => {
      const records = await withTrail(open, ({ store }) => latestRecords(store, filter));
      if (json) {
        await print(records.map(({ text }) => `${text}\n`).join(""));
      } else {
        await print(records.length === 0 ? "No entries match.\n" : table(records));
      }
    });
}

interface VerifyOptions {
  readonly file?: string;
  readonly seal?: true;
  readonly against?: string;
}

function addVerify(audit: Command, open: OpenTrail): void {
  audit
    .command("verify")
    .description("prove that no entry was altered, removed, inserted or reordered and that the end is there; exit code 1 if not")
    .option("--file <file>", "an export in place of the store; needs neither store nor settings")
    .option("--seal", "with --file: check the seal too, with the key of this installation")
    .option("--against <file>", "an earlier export kept elsewhere: the trail must still hold all of it")
    .addHelpText("after", "\nExample: porteiro audit verify --against /backup/audit-2026-01-31.jsonl")
    .action(async ({ file, seal, against }: VerifyOptions, command: Command) => {
      if (file !== undefined && against !== undefined) {
        command.error("porteiro: --against compares the store with an export; leave out --file");
      }
      if (file === undefined) {
        await withTrail(open, async ({ store, beginning, encryptionKey }) => {
          const sealKey = sealKeyOf(encryptionKey);
          const known = against === undefined ? {} : { known: await checkpointOfFile(against, sealKey) };
          tell((await walkTrail({ store, beginning, sealKey, ...known })).verdict, "The audit trail", "seal checked");
        });
      } else if (seal) {
        const opened = await open();
        await opened.close();
        tell(await verifyTrailFile(file, sealKeyOf(opened.encryptionKey)), file, "seal checked");
      } else {
        tell(await verifyTrailFile(file, undefined), file, "seal not checked; --seal does, where the server's key is");
      }
    });
}

function addExport(audit: Command, open: OpenTrail): void {
  audit
    .command("export")
    .description("write the whole trail as JSON Lines, with a sealed checkpoint as the last line")
    .option("--out <file>", "where to write (default: standard output)")
    .addHelpText("after", "\nExample: porteiro audit export --out audit.jsonl && porteiro audit verify --file audit.jsonl")
    .action(async ({ out }: { out?: string }) => {
      const verdict = await withTrail(open, ({ store, beginning, encryptionKey }) => {
        const walk = { store, beginning, sealKey: sealKeyOf(encryptionKey) };
        return out === undefined ? exportTrail(walk, print) : intoFile(out, (write) => exportTrail(walk, write));
      });
      if (verdict.fault !== undefined) {
        tell(verdict, "The exported trail", "seal checked");
      } else if (out !== undefined) {
        await print(`Wrote ${counted(verdict.count)} to ${out}\n`);
      }
    });
}

/** Opens the trail, chains what waits, so that the command sees all that was acknowledged, and closes it again. */
async function withTrail<T>(open: OpenTrail, work: (opened: OpenedTrail) => Promise<T>): Promise<T> {
  const opened = await open();
  try {
    const sequencer = createAuditSequencer({ ...opened, sealKey: sealKeyOf(opened.encryptionKey) });
    await sequencer.drain().catch((error: unknown) => console.error(`porteiro: ${plainSentence(error)}`));
    return await work(opened);
  } finally {
    await opened.close();
  }
}

function sealKeyOf(encryptionKey: string): Uint8Array {
  return derivedKey(encryptionKey, "audit");
}

function tell({ count, checkpoint, fault }: Verdict, what: string, seal: string): void {
  const head = checkpoint && checkpoint.sequence > 0 ? `, head ${checkpoint.hash} of ${checkpoint.at}` : "";
  if (fault === undefined) {
    console.log(checkpoint === undefined ? `${what} is empty: no entry was ever written (nothing is sealed yet)` : `${what} is whole: ${counted(count)}${head} (${seal})`);
    return;
  }
  console.error(`${what} is NOT whole: ${counted(count)}${head} (${checkpoint === undefined ? "no seal that holds" : seal})`);
  console.error(`First fault, at entry ${fault.sequence} (${fault.kind}): ${fault.reason}`);
  process.exitCode = 1;
}

function counted(count: number): string {
  return count === 1 ? "1 entry" : `${count} entries`;
}

/** A file that is there is there as a whole: it gets its name when all is on disk. Readable by its owner only. */
async function intoFile<T>(path: string, work: (write: (lines: string) => Promise<void>) => Promise<T>): Promise<T> {
  const draft = `${path}.part`;
  const file = await openFile(draft, "w", 0o600);
  try {
    const result = await work((lines) => file.appendFile(lines));
    await file.sync();
    await rename(draft, path);
    return result;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

function table(records: readonly ShownRecord[]): string {
  const rows = records.map(({ sequence, entry }) => [
    String(sequence),
    entry.at.replace("T", " ").replace("Z", ""),
    entry.action,
    `${entry.subject.kind} ${entry.subject.id}`,
    [entry.actor.kind, entry.actor.operator ?? entry.actor.softwareId].filter((part) => part !== undefined).join(" "),
    Object.entries(entry.details ?? {}).map(([name, value]) => `${name}=${plain(value)}`).join(" "),
  ]);
  return textTable(["ENTRY", "TIME (UTC)", "ACTION", "SUBJECT", "BY", "DETAILS"], rows);
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value).replaceAll('"', "");
}

function timeInUtc(text: string): number {
  const time = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).safeParse(text);
  if (!time.success) {
    throw new InvalidArgumentError("Expected a day or a time with its offset, such as 2026-01-31 or 2026-01-31T12:00:00Z.");
  }
  return Date.parse(time.data);
}
