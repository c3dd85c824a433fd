import { createCachedKeys } from "../directory/cached-keys.ts";
import { createGuardedHttp } from "../directory/guarded-http.ts";
import { createKeystore } from "../directory/keystore.ts";
import { createParticipants } from "../directory/participants.ts";
import { createSoftwareKeys } from "../directory/software-keys.ts";
import type { Store } from "../store/store.ts";
import { readSettingsFile } from "./settings-file.ts";
import type { Surroundings } from "./surroundings.ts";

/** The client of the Central Directory. */
export async function createDirectoryClient({ root, settings, clock, log }: Surroundings, store: Store) {
  const { directory } = settings;
  const urls = [directory.keystoreUrl, ...(directory.participantsUrl === undefined ? [] : [directory.participantsUrl])];
  const http = createGuardedHttp({
    allowedHosts: [...urls.map((url) => new URL(url).host), ...directory.allowedHosts],
    allowPrivateAddresses: directory.allowPrivateAddresses,
    timeoutMs: directory.timeoutMilliseconds,
    maxBytes: directory.maxAnswerKilobytes * 1024,
    ...(directory.caFile === undefined ? {} : { caPem: await readSettingsFile(root, directory.caFile) }),
    log,
  });
  const times = { freshness: directory.keyFreshnessSeconds, maxStale: directory.maxStaleSeconds, coolDown: directory.coolDownSeconds };
  const keys = createCachedKeys({ http, store, clock, log, times });
  const participants =
    directory.participantsUrl === undefined
      ? undefined
      : createParticipants({ http, store, clock, log, url: directory.participantsUrl, times: { ...times, freshness: directory.participantsRefreshSeconds } });
  return {
    keystore: createKeystore({ keys, keystoreUrl: directory.keystoreUrl }),
    softwareKeys: createSoftwareKeys(keys),
    ...(participants && { participants }),
    /** Ends the calls under way and waits for what they still write to the store. */
    async close() {
      http.close();
      await Promise.all([keys.settled(), participants?.settled()]);
    },
  };
}
