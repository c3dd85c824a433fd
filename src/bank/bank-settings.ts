import type { Settings } from "../settings/settings-schema.ts";
import type { BankSettings } from "./bank-app.ts";

type SampleBank = Settings["sampleBank"];

/** Root URL of the sample bank: its public one or, when none is set, that of this machine. */
export function bankUrl({ publicUrl, port }: Pick<SampleBank, "publicUrl" | "port">): string {
  return publicUrl ?? `https://localhost:${port}`;
}

/** What the bank is told of the settings; no limit of calls for 0. */
export function bankSettings(sampleBank: SampleBank): BankSettings {
  const { institution, callsPerMinute } = sampleBank;
  return { institutionId: institution, publicUrl: bankUrl(sampleBank), openFinance: callsPerMinute === 0 ? {} : { callsPerMinute } };
}
