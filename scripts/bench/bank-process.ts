/**
 * The sample bank in front of a server that is measured: as `porteiro bank` runs it, but with certificates of the
 * bench's sandbox. Takes the path of its settings, prints `ready <port>`.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createBankApp } from "../../src/bank/bank-app.ts";
import { startBankServer } from "../../src/bank/bank-server.ts";
import { createSampleData } from "../../src/bank/sample-data.ts";
import { createIntrospection } from "../../src/bank/token-introspection.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { createLog } from "../../src/kernel/log.ts";

export interface BankProcessSettings {
  readonly certPem: string;
  readonly keyPem: string;
  readonly caPem: string;
  readonly introspectionUrl: string;
  /** Base64url. */
  readonly accountIdKey: string;
}

const settings: BankProcessSettings = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const { certPem, keyPem, caPem, introspectionUrl } = settings;
const { introspect } = createIntrospection({ introspectionUrl, certificatePem: certPem, keyPem, caPem, timeoutMs: 5_000 });
const app = createBankApp({
  introspect,
  sampleData: createSampleData(Buffer.from(settings.accountIdKey, "base64url")),
  clock: systemClock,
  log: createLog("warn"),
  newRequestId: randomUUID,
  settings: { institutionId: "00016", publicUrl: "https://localhost" },
});
const server = await startBankServer({ app, certPem, keyPem, host: "127.0.0.1", port: 0, stopTimeoutMs: 1_000 });
console.log(`ready ${server.port}`);
process.once("SIGTERM", () => process.exit(0));
