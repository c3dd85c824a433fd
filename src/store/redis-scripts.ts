import { createHash } from "node:crypto";
import { conditionsOf, listingsOf, ttlMilliseconds } from "./store-arguments.ts";
import type { Batch } from "./store.ts";

export interface Script {
  readonly lua: string;
  readonly sha: string;
}

function script(lua: string): Script {
  // Redis names a script by its SHA-1 (EVALSHA); nothing is secured by it.
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}

/**
 * Conditions, puts and removals of one tag in one step, with listings in other tags. KEYS: the tag's index, then one
 * key for every condition, put and removal, then an index and a key for every listing to put and every one to remove.
 * ARGV: how many of the first four there are, then for a condition its kind and value, for a put its value,
 * time-to-live in ms (or empty), name and whether it is ordered, for a removal its name, for a listing its name, and
 * its value when it is put.
 * Answers 0 when done, else the number of the first condition that did not hold.
 * An ordered entry never expires, so that what was not there before stands in no index either: there is nothing to take out.
 */
export const batchScript = script(`
local conditions, puts, removals, listings = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local key, arg = 2, 5
for i = 1, conditions do
  local value, kind = redis.call('GET', KEYS[key]), ARGV[arg]
  if (kind == 'absent' and value) or (kind == 'present' and not value) or (kind == 'equals' and value ~= ARGV[arg + 1]) then
    return i
  end
  key, arg = key + 1, arg + 2
end
for i = 1, puts do
  local before
  if ARGV[arg + 1] == '' then before = redis.call('SET', KEYS[key], ARGV[arg], 'GET')
  else before = redis.call('SET', KEYS[key], ARGV[arg], 'PX', ARGV[arg + 1], 'GET') end
  if ARGV[arg + 3] == '1' then redis.call('ZADD', KEYS[1], 0, ARGV[arg + 2])
  elseif before then redis.call('ZREM', KEYS[1], ARGV[arg + 2]) end
  key, arg = key + 1, arg + 4
end
for i = 1, removals do
  redis.call('DEL', KEYS[key])
  redis.call('ZREM', KEYS[1], ARGV[arg])
  key, arg = key + 1, arg + 1
end
for i = 1, listings do
  redis.call('SET', KEYS[key + 1], ARGV[arg + 1])
  redis.call('ZADD', KEYS[key], 0, ARGV[arg])
  key, arg = key + 2, arg + 2
end
while KEYS[key] do
  redis.call('DEL', KEYS[key + 1])
  redis.call('ZREM', KEYS[key], ARGV[arg])
  key, arg = key + 2, arg + 1
end
return 0`);

/** KEYS: the tag's index, the entry. ARGV: the entry's name. Answers the value it removed, or nothing. */
export const takeScript = script(`
local value = redis.call('GET', KEYS[2])
if value then
  redis.call('DEL', KEYS[2])
  redis.call('ZREM', KEYS[1], ARGV[1])
end
return value`);

/**
 * KEYS: the tag's index. ARGV: what stands before a name in its key, lower and upper bound (ZRANGEBYLEX), limit.
 * Answers names and values in turn. A name without a value does not count towards the limit.
 */
export const scanScript = script(`
local found, from, limit = {}, ARGV[2], tonumber(ARGV[4])
while #found < limit * 2 do
  local names = redis.call('ZRANGEBYLEX', KEYS[1], from, ARGV[3], 'LIMIT', 0, limit - #found / 2)
  if #names == 0 then break end
  local keys = {}
  for i, name in ipairs(names) do keys[i] = ARGV[1] .. name end
  for i, value in ipairs(redis.call('MGET', unpack(keys))) do
    if value then
      found[#found + 1] = names[i]
      found[#found + 1] = value
    end
  end
  from = '(' .. names[#names]
end
return found`);

/** How keys are spelled: an entry's, and that of a tag's index of ordered entries. */
export interface KeySpelling {
  readonly keyOf: (tag: string, name: string) => string;
  readonly indexOf: (tag: string) => string;
}

/** A batch as the batch script takes it: the number of keys, the keys, the arguments. */
export function batchArguments(batch: Batch, { keyOf, indexOf }: KeySpelling): (string | number)[] {
  const { tag, put = [], remove = [], unlist = [] } = batch;
  const conditions = conditionsOf(batch);
  const listings = listingsOf(batch);
  const keys = [indexOf(tag)];
  const args: (string | number)[] = [conditions.length, put.length, remove.length, listings.length];
  for (const condition of conditions) {
    keys.push(keyOf(tag, condition.name));
    if ("equals" in condition) args.push("equals", condition.equals);
    else args.push(condition.is, "");
  }
  for (const { name, value, ttlSeconds, ordered } of put) {
    keys.push(keyOf(tag, name));
    args.push(value, ttlSeconds === undefined ? "" : ttlMilliseconds(ttlSeconds), name, ordered ? "1" : "0");
  }
  for (const name of remove) {
    keys.push(keyOf(tag, name));
    args.push(name);
  }
  for (const listing of listings) {
    keys.push(indexOf(listing.tag), keyOf(listing.tag, listing.name));
    args.push(listing.name, listing.value);
  }
  for (const listing of unlist) {
    keys.push(indexOf(listing.tag), keyOf(listing.tag, listing.name));
    args.push(listing.name);
  }
  return [keys.length, ...keys, ...args];
}
