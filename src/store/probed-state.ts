import type { StoreState } from "./store.ts";

export interface ProbedState {
  state(): Promise<StoreState>;
  /** The next question is answered by a new probe. */
  forget(): void;
}

/** Names what a probe writes; it ends by itself. */
export const probeEntry = { name: "state", value: "", ttlSeconds: 60 } as const;

const holdsMilliseconds = 1_000;

/**
 * A store's state by a small write: a store that reads and cannot write is not ready. An answer holds for a second, so
 * that asking costs nothing however often it is done.
 * @param probe writes, or rejects with what is wrong
 * @param detail what the store is, for a state without trouble
 */
export function createProbedState(kind: StoreState["kind"], detail: string, probe: () => Promise<unknown>): ProbedState {
  let known: Promise<StoreState> | undefined;

  async function probed(): Promise<StoreState> {
    try {
      await probe();
      return { kind, ready: true, detail };
    } catch (error) {
      return { kind, ready: false, detail: error instanceof Error ? error.message : String(error) };
    }
  }

  function held(asked: Promise<StoreState>): Promise<StoreState> {
    const end = (): void => {
      if (known === asked) known = undefined;
    };
    void asked.then(() => setTimeout(end, holdsMilliseconds).unref());
    return asked;
  }

  return {
    state() {
      known ??= held(probed());
      return known;
    },
    forget() {
      known = undefined;
    },
  };
}
