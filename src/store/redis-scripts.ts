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
 * ARGV: how many of the first four there are, then for a condition its kind, and its value when it is one of `equals`;
 * for a put its value, and its time-to-live in ms, or `ordered` (such an entry never expires), or nothing; for a listing
 * to put its value. Names are not sent: an entry's key is its index's with a colon and the name in place of `#index`, so
 * that the name begins 4 before the index's length.
 * Answers 0 when done, else the number of the first condition that did not hold.
 * What was not there before stands in no index either: there is nothing to take out.
 */
export const batchScript = script(`
local conditions, puts, removals, listings = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local key, arg = 2, 5
for i = 1, conditions do
  local value, kind = redis.call('GET', KEYS[key]), ARGV[arg]
  if kind == 'absent' then
    if value then return i end
  elseif kind == 'present' then
    if not value then return i end
  else
    arg = arg + 1
    if value ~= ARGV[arg] then return i end
  end
  key, arg = key + 1, arg + 1
end
for i = 1, puts do
  local before, life = nil, ARGV[arg + 1]
  if life == '' or life == 'ordered' then before = redis.call('SET', KEYS[key], ARGV[arg], 'GET')
  else before = redis.call('SET', KEYS[key], ARGV[arg], 'PX', life, 'GET') end
  if life == 'ordered' then redis.call('ZADD', KEYS[1], 0, KEYS[key]:sub(#KEYS[1] - 4))
  elseif before then redis.call('ZREM', KEYS[1], KEYS[key]:sub(#KEYS[1] - 4)) end
  key, arg = key + 1, arg + 2
end
for i = 1, removals do
  redis.call('DEL', KEYS[key])
  redis.call('ZREM', KEYS[1], KEYS[key]:sub(#KEYS[1] - 4))
  key = key + 1
end
for i = 1, listings do
  redis.call('SET', KEYS[key + 1], ARGV[arg])
  redis.call('ZADD', KEYS[key], 0, KEYS[key + 1]:sub(#KEYS[key] - 4))
  key, arg = key + 2, arg + 1
end
while KEYS[key] do
  redis.call('DEL', KEYS[key + 1])
  redis.call('ZREM', KEYS[key], KEYS[key + 1]:sub(#KEYS[key] - 4))
  key = key + 2
end
return 0`);

/** KEYS: the tag's index, the entry. Answers the value it removed, or nothing. */
export const takeScript = script(`
local value = redis.call('GET', KEYS[2])
if value then
  redis.call('DEL', KEYS[2])
  redis.call('ZREM', KEYS[1], KEYS[2]:sub(#KEYS[1] - 4))
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

/** How keys are spelled: an entry's, and that of a tag's index of ordered entries. The scripts above take names out of them. */
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
    keys.push(keyOf(condition.tag ?? tag, condition.name));
    if ("equals" in condition) args.push("equals", condition.equals);
    else args.push(condition.is);
  }
  for (const { name, value, ttlSeconds, ordered } of put) {
    keys.push(keyOf(tag, name));
    args.push(value, ordered ? "ordered" : ttlSeconds === undefined ? "" : ttlMilliseconds(ttlSeconds));
  }
  for (const name of remove) {
    keys.push(keyOf(tag, name));
  }
  for (const listing of listings) {
    keys.push(indexOf(listing.tag), keyOf(listing.tag, listing.name));
    args.push(listing.value);
  }
  for (const listing of unlist) {
    keys.push(indexOf(listing.tag), keyOf(listing.tag, listing.name));
  }
  return [keys.length, ...keys, ...args];
}
