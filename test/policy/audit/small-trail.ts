import { chainOn, genesisHash, sealCheckpoint } from "../../../src/policy/audit/audit-chain.ts";
import { sealKey, upTo } from "./audit-ground.ts";

/** A trail of a few records, whole and sealed. */
export const size = 12;

export const entries = upTo(size).map((count) => ({ id: `${count}`, action: "client.updated", details: { count, note: "ção \u2028 \u{1F956}" } }));
export const sound = chainOn({ sequence: 0, hash: genesisHash }, entries);
export const texts = sound.map(({ text }) => text);
const end = sound.at(-1)!.record;
export const checkpoint = { sequence: end.sequence, hash: end.hash, at: "2026-10-01T00:00:00.000Z" };
export const sealed = sealCheckpoint(checkpoint, sealKey);
