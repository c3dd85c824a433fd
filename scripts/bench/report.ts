import type { LoadFigures } from "./load-run.ts";
import type { Cell } from "./plan.ts";
import type { StoreKind } from "./subject.ts";
import { operationsPerSecond, ratioOf, summarise } from "./summary.ts";
import { judge, judgeProcess } from "./targets.ts";
import { textTable, type Column } from "./text-table.ts";

/** A line of the table with the figures of each round. */
export interface MeasuredCell {
  readonly cell: Cell;
  readonly rounds: LoadFigures[];
}

/** What one server process needed, whatever was asked of it. */
export interface MeasuredProcess {
  readonly subject: string;
  readonly store: StoreKind | undefined;
  readonly clients: number | undefined;
  readonly startMs: number;
  /** As soon as it was ready. */
  readonly idleAnonymousBytes: number;
  /** After its last measurement. */
  readonly anonymousBytes: number;
}

/** Above this share of its core the load generator, and not the server, may have been the limit. */
const loadLimit = 0.9;

const lineColumns: readonly Column[] = [
  { title: "workload", align: "left" },
  { title: "store", align: "left" },
  { title: "clients", align: "right" },
  { title: "conns", align: "right" },
  { title: "server", align: "left" },
  { title: "req/s", align: "right" },
  { title: "p50 ms", align: "right" },
  { title: "p99 ms", align: "right" },
  { title: "CPU us", align: "right" },
  { title: "Redis us", align: "right" },
  { title: "x https", align: "right" },
  { title: "x bare", align: "right" },
  { title: "target", align: "left" },
];

const processColumns: readonly Column[] = [
  { title: "server process", align: "left" },
  { title: "store", align: "left" },
  { title: "clients", align: "right" },
  { title: "start ms", align: "right" },
  { title: "idle MB", align: "right" },
  { title: "worked MB", align: "right" },
  { title: "target", align: "left" },
];

function sameCell(one: Cell, other: Cell): boolean {
  return (
    one.workload === other.workload &&
    one.subject === other.subject &&
    one.store === other.store &&
    one.clients === other.clients &&
    one.connections === other.connections
  );
}

function whole(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "-";
}

function decimals(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : "-";
}

/** The table of all lines, and what they mean. */
export function reportLines(measured: readonly MeasuredCell[]): string {
  const find = (cell: Cell): MeasuredCell | undefined => measured.find((line) => sameCell(line.cell, cell));
  const ratioTo = (line: MeasuredCell, other: MeasuredCell | undefined): string =>
    other && other !== line ? decimals(ratioOf(line.rounds, other.rounds, operationsPerSecond)) : "-";

  const rows = measured.map((line) => {
    const { cell } = line;
    const summary = summarise(line.rounds);
    const https = find({
      workload: "static answer",
      subject: "https",
      store: undefined,
      clients: undefined,
      connections: cell.connections,
    });
    return [
      cell.workload,
      cell.store ?? "-",
      cell.clients === undefined ? "-" : whole(cell.clients),
      String(cell.connections),
      cell.subject,
      whole(summary.operationsPerSecond) + (summary.loadBusy > loadLimit ? "*" : ""),
      decimals(summary.p50Ms),
      decimals(summary.p99Ms),
      whole(summary.cpuMicroseconds),
      summary.storeCpuMicroseconds > 0 ? whole(summary.storeCpuMicroseconds) : "-",
      ratioTo(line, https),
      ratioTo(line, find({ ...cell, subject: "oidc-provider" })),
      summary.errors > 0
        ? `${summary.errors} ERRORS`
        : (judge(cell, line.rounds, (other) => find(other)?.rounds)?.text ?? ""),
    ];
  });
  return textTable(lineColumns, rows);
}

/** The table of the processes' start times and memory; the targets are the server's own. */
export function reportProcesses(processes: readonly MeasuredProcess[]): string {
  return textTable(
    processColumns,
    processes.map((figures) => [
      figures.subject,
      figures.store ?? "-",
      figures.clients === undefined ? "-" : whole(figures.clients),
      whole(figures.startMs),
      whole(figures.idleAnonymousBytes / 1e6),
      whole(figures.anonymousBytes / 1e6),
      figures.subject.startsWith("porteiro") ? judgeProcess(figures).text : "",
    ]),
  );
}

export const legend = [
  "req/s: of registration, one is a register with its delete. * the load generator was the limit.",
  "CPU us: the server processes' CPU microseconds per request; Redis us: that of redis-server, which shares the core.",
  "x https, x bare: requests per second compared with a bare Node https server, and with bare oidc-provider on the same",
  "store with as many clients and connections. Targets hold from 16 connections on; porteiro x2 has them for each process.",
  "verifier: does what no server can leave out of a token, on Redis: what it loses by 2,000 different keys anybody loses.",
  "idle MB, worked MB: anonymous memory of the process as soon as it was ready and after its last measurement.",
].join("\n");
