import type { DocumentState } from "./cached-documents.ts";
import type { Keystore } from "./keystore.ts";
import type { Participants } from "./participants.ts";

/** How well we know the directory, for the health page: ages in seconds, and what the last failed call brought. */
export interface DirectoryState {
  readonly keystore: DocumentState;
  /** Undefined where settings name no participants list. */
  readonly participants: DocumentState | undefined;
}

/** Looks at the copies in memory; asks nobody. */
export function directoryState(needs: { keystore: Keystore; participants?: Participants }): DirectoryState {
  return { keystore: needs.keystore.state(), participants: needs.participants?.state() };
}
