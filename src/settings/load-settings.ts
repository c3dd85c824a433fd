import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { settingsSchema, type Settings } from "./settings-schema.ts";
import { startProblems } from "./start-checks.ts";

/** The start stops with every problem named. Values are never shown: one of them may be a secret. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`settings are not usable:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}

export interface SettingsSources {
  /** The project's folder; `config/` lies in it. */
  readonly root: string;
  /** Environment variables: `PORTEIRO_` and the path of the setting, e.g. `PORTEIRO_STORE_REDIS_URL`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Settings that a command gives by itself; they win over everything. */
  readonly overrides?: Readonly<Record<string, unknown>>;
}

export interface SettingsLeaf {
  readonly path: readonly string[];
  readonly variable: string;
  readonly schema: JsonSchema;
  /** Whether a profile or the environment must give it. */
  readonly required: boolean;
}

export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Every single setting with its environment variable, in the order of the schema. */
export function settingsLeaves(): SettingsLeaf[] {
  // The library's type is wider than the part of JSON Schema that this schema produces.
  const schema = z.toJSONSchema(settingsSchema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  return leavesOf(schema, [], true);
}

function leavesOf(schema: JsonSchema, path: readonly string[], required: boolean): SettingsLeaf[] {
  if (!schema.properties) {
    return [{ path, variable: variableName(path), schema, required }];
  }
  const demanded = schema.required ?? [];
  return Object.entries(schema.properties).flatMap(([name, member]) => leavesOf(member, [...path, name], demanded.includes(name)));
}

function variableName(path: readonly string[]): string {
  return ["PORTEIRO", ...path.map((word) => word.replace(/([A-Z])/g, "_$1").toUpperCase())].join("_");
}

/** What could be read, and everything that is wrong. */
export interface SettingsReading {
  /** With the profile's or the default value in place of each unreadable one; undefined when that makes no whole. */
  readonly settings: Settings | undefined;
  /** Names of the settings whose value is none: nothing else is said about them. */
  readonly unreadable: readonly string[];
  readonly problems: readonly string[];
}

/**
 * Reads `config/<profile>.json`, lays the environment and the overrides over it, and checks the whole: first each
 * setting by itself, then, as far as they are readable, their combinations. Files that settings name are not opened.
 */
export function readSettings(sources: SettingsSources): SettingsReading {
  const problems: string[] = [];
  const leaves = settingsLeaves();
  const environment = environmentSettings(leaves, sources.environment, problems);
  const profile = sources.overrides?.["profile"] ?? profileNamedIn(sources.environment);
  const fromFile = profileFile(sources.root, String(profile), problems);
  const whole = new Set(leaves.map(({ path }) => path.join(".")));
  const merged = [environment.settings, sources.overrides ?? {}].reduce((base, over) => merge(base, over, whole), fromFile ?? {});
  const parsed = settingsSchema.safeParse(merged);
  // Without its file a profile lacks what nobody can be told to give.
  const issues = (parsed.error?.issues ?? []).filter(({ path }) => fromFile !== undefined || valueAt(merged, path) !== undefined);
  problems.push(...issues.map((issue) => `${issue.path.join(".") || "settings"}: ${withoutValue(issue)}`));
  const wrong = issues.flatMap((issue) => (issue.code === "unrecognized_keys" ? [] : [leafPath(issue.path, whole)]));
  const unreadable = [...environment.unreadable, ...wrong].map((path) => path.join("."));
  const settings = parsed.data ?? readablePart(merged, issues, fromFile ?? {}, whole);
  if (settings !== undefined) {
    problems.push(...startProblems(settings, sources.root).filter((problem) => !concerns(problem, unreadable)));
  }
  return { settings, unreadable, problems };
}

/**
 * The settings, when nothing is wrong with them.
 * @throws SettingsError that lists all problems by name
 */
export function loadSettings(sources: SettingsSources): Settings {
  const { settings, problems } = readSettings(sources);
  if (settings === undefined || problems.length > 0) {
    throw new SettingsError(problems);
  }
  return settings;
}

/** Whether a problem, which begins with the names of its settings, speaks of one of these or of a part or group of it. */
export function concerns(problem: string, settings: readonly string[]): boolean {
  const names = problem.slice(0, problem.indexOf(":")).split(/, | and /);
  return names.some((name) => settings.some((setting) => name === setting || name.startsWith(`${setting}.`) || setting.startsWith(`${name}.`)));
}

type Issue = z.core.$ZodIssue;

/** The settings without the values at fault, for which those of the profile's file stand in, or else the defaults. */
function readablePart(merged: Readonly<Record<string, unknown>>, issues: readonly Issue[], fromFile: Readonly<Record<string, unknown>>, whole: ReadonlySet<string>): Settings | undefined {
  const replaced = (withFile: boolean) =>
    issues.reduce<Record<string, unknown>>((settings, issue) => {
      if (issue.code === "unrecognized_keys") {
        return issue.keys.reduce((without, key) => withValue(without, [...issue.path, key], undefined), settings);
      }
      const path = leafPath(issue.path, whole);
      return withValue(settings, path, withFile ? valueAt(fromFile, path) : undefined);
    }, merged);
  return settingsSchema.safeParse(replaced(true)).data ?? settingsSchema.safeParse(replaced(false)).data;
}

/** The path of the setting that an issue lies in, which may be deep within a list or a table. */
function leafPath(path: Issue["path"], whole: ReadonlySet<string>): string[] {
  const names = path.map(String);
  const end = names.findIndex((_, index) => whole.has(names.slice(0, index + 1).join(".")));
  return end < 0 ? names : names.slice(0, end + 1);
}

function valueAt(settings: Readonly<Record<string, unknown>>, path: Issue["path"]): unknown {
  return path.reduce<unknown>((inner, name) => (isPlainObject(inner) || Array.isArray(inner) ? (inner as Record<PropertyKey, unknown>)[name] : undefined), settings);
}

/** A copy with this value at the path; undefined takes it away. */
function withValue(settings: Readonly<Record<string, unknown>>, path: Issue["path"], value: unknown): Record<string, unknown> {
  const [first, ...rest] = path.map(String);
  if (first === undefined) {
    return { ...settings };
  }
  const { [first]: inner, ...others } = settings;
  const changed = rest.length === 0 ? value : withValue(isPlainObject(inner) ? inner : {}, rest, value);
  return changed === undefined ? others : { ...others, [first]: changed };
}

/** The profile that the environment asks for, as it stands there; `local` when it asks for none. */
export function profileNamedIn(environment: SettingsSources["environment"]): string {
  return environment[variableName(["profile"])] ?? "local";
}

/** zod's message for a wrong enum value or type names the expectation and the kind received, never the value. */
function withoutValue(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") {
    return `there is no setting ${issue.keys.join(", ")}`;
  }
  return issue.message;
}

/** Undefined, with the problem noted, when there is none. */
function profileFile(root: string, profile: string, problems: string[]): Record<string, unknown> | undefined {
  const known = settingsSchema.shape.profile.unwrap().options;
  if (!known.some((name) => name === profile)) {
    problems.push(`profile: expected one of ${known.join(", ")}`);
    return undefined;
  }
  const file = join(root, "config", `${profile}.json`);
  try {
    return { ...(JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>), profile };
  } catch (error) {
    problems.push(`config/${profile}.json cannot be read: ${error instanceof SyntaxError ? "it is not JSON" : "it is missing"}`);
    return undefined;
  }
}

function environmentSettings(
  known: readonly SettingsLeaf[],
  environment: SettingsSources["environment"],
  problems: string[],
): { settings: Record<string, unknown>; unreadable: (readonly string[])[] } {
  const leaves = new Map(known.map((leaf) => [leaf.variable, leaf]));
  const settings: Record<string, unknown> = {};
  const unreadable: (readonly string[])[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith("PORTEIRO_") || text === undefined) {
      continue;
    }
    const leaf = leaves.get(variable);
    if (!leaf) {
      problems.push(`${variable}: there is no setting of this name (see config/README.md)`);
      continue;
    }
    const value = valueOf(leaf, text, problems);
    if (value === undefined) {
      unreadable.push(leaf.path);
    } else {
      place(settings, leaf.path, value);
    }
  }
  return { settings, unreadable };
}

function valueOf(leaf: SettingsLeaf, text: string, problems: string[]): unknown {
  if (leaf.schema.type === undefined || leaf.schema.type === "string") {
    return text;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    if (leaf.schema.type === "array") {
      return text.split(",").map((item) => item.trim()).filter((item) => item !== "");
    }
    problems.push(`${leaf.variable}: expected a JSON ${leaf.schema.type}`);
    return undefined;
  }
}

function place(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path;
  if (first === undefined) {
    return;
  }
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const inner = isPlainObject(target[first]) ? target[first] : {};
  target[first] = inner;
  place(inner, rest, value);
}

/** A single setting is replaced whole, also one that is a table: what the lower layer has in it must be removable. */
function merge(
  base: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
  whole: ReadonlySet<string>,
  above = "",
): Record<string, unknown> {
  const result = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const path = `${above}${name}`;
    const below = result[name];
    const both = isPlainObject(below) && isPlainObject(value) && !whole.has(path);
    result[name] = both ? merge(below, value, whole, `${path}.`) : value;
  }
  return result;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
