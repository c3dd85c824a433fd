import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createBankApp } from "../../src/bank/bank-app.ts";
import { startBankServer } from "../../src/bank/bank-server.ts";
import { createSampleData } from "../../src/bank/sample-data.ts";
import { createIntrospection } from "../../src/bank/token-introspection.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { createLog } from "../../src/kernel/log.ts";
import { derivedKey } from "../../src/kernel/secret-box.ts";
import { freePorts, type TestServer } from "./server.ts";

export interface SampleBank {
  readonly url: string;
  stop(): Promise<void>;
}

/** The sample bank as `porteiro bank` runs it, on a free port: it asks the server about every token. */
export async function startSampleBank(server: TestServer): Promise<SampleBank> {
  const { encryptionKeyFile } = server.settings["secrets"] as { encryptionKeyFile: string };
  const [port = 0] = await freePorts(1);
  const url = `https://localhost:${port}`;
  const { cert: certPem, key: keyPem } = server.resourceServer;
  const { introspect, close } = createIntrospection({ introspectionUrl: server.url("introspection"), certificatePem: certPem, keyPem, caPem: server.ca, timeoutMs: 10_000 });
  const app = createBankApp({
    introspect,
    sampleData: createSampleData(derivedKey((await readFile(encryptionKeyFile, "utf8")).trim(), "account-ids")),
    clock: systemClock,
    log: createLog("fatal"),
    newRequestId: randomUUID,
    settings: { institutionId: "00016", publicUrl: url },
  });
  const bank = await startBankServer({ app, certPem, keyPem, host: "127.0.0.1", port, stopTimeoutMs: 1_000 });
  return {
    url,
    async stop() {
      await bank.stop();
      close();
    },
  };
}
