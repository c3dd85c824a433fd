import { pino, type Logger, type DestinationStream } from "pino";

/** The log port: pino's levels and child loggers. */
export type Log = Logger;

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export type LogLevel = (typeof logLevels)[number];

/**
 * Members that are never written, wherever in a logged object they stand: whatever opens a door, and whatever
 * names a bank customer.
 */
const neverWritten = [
  "authorization",
  "cookie",
  "set-cookie",
  "access_token",
  "refresh_token",
  "registration_access_token",
  "client_assertion",
  "client_secret",
  "software_statement",
  "code",
  "code_verifier",
  "id_token",
  "request",
  "token",
  "password",
  "cpf",
  "cnpj",
  "login",
  // What an error says could not be read: a whole URL, for example.
  "input",
];

/**
 * Makes the process's logger: one JSON line an event, on standard error unless a destination is given, so that
 * standard output stays free for what a command prints.
 */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const paths = neverWritten.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);
  return pino(
    { level, base: null, redact: { paths, censor: "[redacted]" }, timestamp: pino.stdTimeFunctions.isoTime },
    destination ?? pino.destination(2),
  );
}
