import type { Log } from "../kernel/log.ts";
import { createProbedState, probeEntry } from "./probed-state.ts";
import { redisKeyPrefix } from "../settings/settings-schema.ts";
import { connectionName, connectRedis, type RedisConnection } from "./redis-connection.ts";
import { tagsOnEveryMaster } from "./redis-masters.ts";
import { batchArguments, batchScript, scanScript, takeScript, type Script } from "./redis-scripts.ts";
import { checkRedisServers } from "./redis-server-checks.ts";
import { checkBatch, checkName, checkPut, checkScan, checkTag, conditionsOf, listingsOf, ttlMilliseconds } from "./store-arguments.ts";
import { StoreUnavailableError } from "./store-unavailable.ts";
import type { Batch, BatchResult, Entry, Store } from "./store.ts";

export interface RedisStoreOptions {
  readonly connection: RedisConnection;
  /** First part of every key: printable ASCII without braces or spaces. */
  readonly keyPrefix: string;
  /** How many replicas must have acknowledged a write before it resolves; none unless told. */
  readonly waitReplicas?: number;
  /** How long to wait for them, in ms; 1,000 unless told. */
  readonly waitMilliseconds?: number;
  /** Refuse servers that may evict or do not persist. */
  readonly requirePersistence: boolean;
  /** Refuse, beyond that, servers that lose what they acknowledged since their last snapshot. */
  readonly requireAppendOnlyFile: boolean;
  readonly log: Log;
}

type Arguments = (string | number)[];

/** A call without an answer for so long is rejected; what it wrote may have happened. */
const answerWithinMs = 5000;

/** Errors that say that a command was not carried out because its key lives on another node of the cluster. */
const elsewhere = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /;

/**
 * Opens the distributed store: Redis alone, behind Sentinel, or as a Cluster. Each call is one round trip.
 * @throws StoreUnavailableError when it cannot be reached, Error when it would lose data (see requirePersistence).
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<Store> {
  const { connection, keyPrefix, log, waitReplicas = 0, waitMilliseconds = 1000 } = options;
  if (!redisKeyPrefix.test(keyPrefix)) {
    throw new RangeError("keyPrefix is 1 to 100 characters of printable ASCII without braces or spaces.");
  }
  const client = await connectRedis(connection, log);
  try {
    await checkRedisServers(client, options, log);
  } catch (error) {
    client.disconnect();
    throw error;
  }
  const underWay = new Set<Promise<unknown>>();

  const keyOf = (tag: string, name: string) => `${keyPrefix}:{${tag}}:${name}`;
  const indexOf = (tag: string) => `${keyPrefix}:{${tag}}#index`;

  /** Gives every call its end, and every failure the same kind. */
  async function answered<T>(call: Promise<T>, withinMs = answerWithinMs): Promise<T> {
    underWay.add(call);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${withinMs} ms`)), withinMs);
    });
    try {
      return await Promise.race([call, late]);
    } catch (error) {
      // No cause: ioredis hangs the command's arguments, which are the values, on its errors.
      throw unavailable(plainReason(error));
    } finally {
      clearTimeout(timer);
      underWay.delete(call);
    }
  }

  function unavailable(reason: string): StoreUnavailableError {
    return new StoreUnavailableError(`Redis (${connectionName(connection)}) did not confirm: ${reason}`);
  }

  /** A command that changes something, and the replicas' acknowledgement with it where settings ask for that. */
  async function write(command: string, args: Arguments): Promise<unknown> {
    if (waitReplicas === 0) return client.call(command, args);
    const results = await client.pipeline().call(command, ...args).wait(waitReplicas, waitMilliseconds).exec();
    const [[failure, answer] = [], [waitFailure, acknowledged] = []] = results ?? [];
    if (failure ?? waitFailure) throw failure ?? waitFailure;
    if (Number(acknowledged) < waitReplicas) {
      throw new Error(
        `${acknowledged} of ${waitReplicas} replicas (waitReplicas) acknowledged within ${waitMilliseconds} ms; ` +
          "the master has the write, but a failover may lose it",
      );
    }
    return answer;
  }

  /** As write, but follows a cluster that moves keys: ioredis does so only for commands that stand alone. */
  async function writeWhereItLives(command: string, args: Arguments, key: string): Promise<unknown> {
    try {
      return await write(command, args);
    } catch (error) {
      if (waitReplicas === 0 || !(error instanceof Error && elsewhere.test(error.message))) throw error;
      await client.call("EXISTS", [key]);
      return write(command, args);
    }
  }

  /** NOSCRIPT says that nothing was done yet, so sending the whole script is no repetition. */
  async function runScript(send: typeof write, { lua, sha }: Script, args: Arguments): Promise<unknown> {
    try {
      return await send("EVALSHA", [sha, ...args]);
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("NOSCRIPT"))) throw error;
      return send("EVAL", [lua, ...args]);
    }
  }

  function change(tag: string, script: Script, args: Arguments): Promise<unknown> {
    const send = (command: string, all: Arguments) => writeWhereItLives(command, all, indexOf(tag));
    return answered(runScript(send, script, args), answerWithinMs + waitMilliseconds);
  }

  async function runBatch(batch: Batch): Promise<BatchResult> {
    const args = batchArguments(batch, { keyOf, indexOf });
    const answer = Number(await change(batch.tag, batchScript, args));
    const failed = conditionsOf(batch)[answer - 1];
    return failed ? { done: false, failed } : { done: true };
  }

  /** In a Cluster a script reaches one tag only: what leads to an entry comes before it, and goes after it. */
  async function runBatchAcrossNodes(batch: Batch): Promise<BatchResult> {
    const { list: _list, unlist = [], ...own } = batch;
    const foreign = conditionsOf(batch).find(({ tag = own.tag }) => tag !== own.tag);
    if (foreign) {
      throw new RangeError(`In a Redis Cluster the conditions of a batch are of its own tag (spansTags); got one of "${foreign.tag}".`);
    }
    await Promise.all(listingsOf(batch).map(({ tag, name, value }) => runBatch({ tag, put: [{ name, value, ordered: true }] })));
    const put = (batch.put ?? []).map(({ listedAs: _, ...entry }) => entry);
    const result = await runBatch({ ...own, put });
    if (result.done) {
      await Promise.all(unlist.map(({ tag, name }) => runBatch({ tag, remove: [name] })));
    }
    return result;
  }

  async function batch(batch: Batch): Promise<BatchResult> {
    checkBatch(batch);
    if (connection.kind !== "cluster") return runBatch(batch);
    const all = runBatchAcrossNodes(batch);
    underWay.add(all);
    try {
      return await all;
    } finally {
      underWay.delete(all);
    }
  }

  const probe = () => Promise.all(tagsOnEveryMaster(client).map((tag) => batch({ tag, put: [probeEntry] })));
  const probed = createProbedState("redis", `Redis, ${connectionName(connection)}`, probe);

  return {
    spansTags: connection.kind !== "cluster",
    batch,

    async get({ tag, name }) {
      checkTag(tag);
      checkName(name);
      return (await answered(client.get(keyOf(tag, name)))) ?? undefined;
    },

    async getMany(tag, names) {
      checkTag(tag);
      names.forEach(checkName);
      if (names.length === 0) return [];
      const values = await answered(client.mget(names.map((name) => keyOf(tag, name))));
      return values.map((value) => value ?? undefined);
    },

    async put(tag, put) {
      await batch({ tag, put: [put] });
    },

    async putIfAbsent(tag, put) {
      checkTag(tag);
      checkPut(put);
      if (put.ordered || put.listedAs) return (await batch({ tag, when: [{ name: put.name, is: "absent" }], put: [put] })).done;
      const key = keyOf(tag, put.name);
      const life = put.ttlSeconds === undefined ? [] : ["PX", ttlMilliseconds(put.ttlSeconds)];
      const call = writeWhereItLives("SET", [key, put.value, "NX", ...life], key);
      return (await answered(call, answerWithinMs + waitMilliseconds)) === "OK";
    },

    async take({ tag, name }) {
      checkTag(tag);
      checkName(name);
      const value = await change(tag, takeScript, [2, indexOf(tag), keyOf(tag, name)]);
      return typeof value === "string" ? value : undefined;
    },

    async remove({ tag, name }) {
      await batch({ tag, remove: [name] });
    },

    async scan(tag, prefix, page) {
      checkScan(tag, prefix, page);
      const from = page.after !== undefined && page.after >= prefix ? `(${page.after}` : `[${prefix}`;
      const args = [1, indexOf(tag), keyOf(tag, ""), from, `[${prefix}\x7f`, page.limit];
      const flat = await answered(runScript((command, all) => client.call(command, all), scanScript, args));
      return entriesOf(flat);
    },

    state: probed.state,

    async close() {
      probed.forget();
      while (underWay.size > 0) await Promise.allSettled(underWay);
      client.disconnect();
    },
  };
}

/** ioredis speaks of its retries where the connection broke; common switches the retries off. */
function plainReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "MaxRetriesPerRequestError" ? "the connection broke, or could not be made" : error.message;
}

function entriesOf(flat: unknown): Entry[] {
  const texts = Array.isArray(flat) ? flat.map(String) : [];
  return Array.from({ length: texts.length / 2 }, (_, i) => ({ name: texts[2 * i] ?? "", value: texts[2 * i + 1] ?? "" }));
}
