import { settingsLeaves, type JsonSchema, type SettingsLeaf } from "./load-settings.ts";

const head = `# Settings

<!-- Written by \`porteiro settings document\` from src/settings/settings-schema.ts; change it there. -->

The server reads one profile of this folder, then lays the environment over it, then checks the whole. It does not
start with a wrong setting: it names every problem at once, of single settings, of their combinations and of the files
that they name, and never shows a value but the name of a file, because one of them may be a secret. \`porteiro settings
check\` does the same without starting; it does not open the store.

- The profile is chosen by \`PORTEIRO_PROFILE\`: \`local\` (the default), \`directory-sandbox\` or \`production\`.
- Every setting has an environment variable. Numbers, true or false, lists and tables are written as JSON; a list may
  also be written with commas. A setting that is a list or a table is replaced as a whole.
- Relative paths start at the project's folder, whatever folder the program is started from.
- Secrets belong in the environment or in a file of their own, not in this folder.
- In production the start also refuses what is legal by itself and unsafe there: addresses, files and statement issuers of a
  sandbox or of this machine, anchors other than those of ICP-Brasil, a limit of 0, a Redis that may lose what it
  acknowledged.

## Files

| File | What it holds |
|---|---|
| \`local.json\` | profile for the sandbox directory of this project (\`npm run sandbox\`): the default |
| \`directory-sandbox.json\` | profile for the ecosystem's own sandbox directory |
| \`production.json\` | profile for the production directory; server certificate and encryption key are the operator's |
| \`role-scopes.json\` | scopes that each regulatory role opens |
| \`crl-sources.json\` | where the revocation list of each authority is: its name, the hash of its key, addresses |
| \`resource-servers.json\` | resource servers that may introspect: name, and SHA-256 (base64url) of their public key |
`;

/** The text of `config/README.md`: a short introduction and one table for each group of settings. */
export function settingsDocument(): string {
  const groups = Map.groupBy(settingsLeaves(), ({ path: [first, ...rest] }) => (rest.length === 0 ? "" : first));
  const sections = [...groups].map(([group, leaves]) => `\n## ${group === "" ? "General" : `\`${group}\``}\n\n${tableOf(leaves)}`);
  return `${head}${sections.join("")}`;
}

/** What somebody sets first: README.md shows these. */
const firstSettings: readonly string[] = [
  "profile",
  "publicUrl",
  "mtlsUrl",
  "listeners.public.host",
  "listeners.mtls.host",
  "tls.certificateFile",
  "tls.keyFile",
  "secrets.encryptionKey",
  "store.kind",
  "store.lmdb.path",
  "store.redis.url",
  "tables.resourceServersFile",
  "tables.resourceServerAnchors",
  "logLevel",
];

const begin = "<!-- Written by `porteiro settings document`. -->\n";
const end = "<!-- Until here. -->\n";

/** The text of README.md with its table of the first settings as the schema has them today. */
export function withFirstSettings(readme: string): string {
  const leaves = new Map(settingsLeaves().map((leaf) => [leaf.path.join("."), leaf]));
  const rows = firstSettings.map((name) => leaves.get(name)).filter((leaf) => leaf !== undefined);
  const table = markdownTable([["Environment variable", "Default", "Meaning"], ...rows.map((leaf) => [`\`${leaf.variable}\``, defaultOf(leaf), leaf.schema.description ?? ""])]);
  return `${readme.slice(0, readme.indexOf(begin) + begin.length)}\n${table}\n${readme.slice(readme.indexOf(end))}`;
}

function tableOf(leaves: readonly SettingsLeaf[]): string {
  const rows = leaves.map((leaf) => [
    `\`${leaf.path.join(".")}\``,
    `\`${leaf.variable}\``,
    typeOf(leaf.schema),
    defaultOf(leaf),
    leaf.schema.description ?? "",
  ]);
  return markdownTable([["Setting", "Environment variable", "Type", "Default", "Meaning"], ...rows]);
}

/** The first row is the head. */
function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`)
    .join("");
}

function defaultOf({ schema, required }: SettingsLeaf): string {
  if (schema.default !== undefined) {
    return `\`${JSON.stringify(schema.default)}\``;
  }
  return required ? "none; must be given" : "not set";
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum) {
    return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  }
  if (schema.type === "integer") {
    return `whole number${rangeOf(schema)}`;
  }
  if (schema.type === "array") {
    return `list of ${schema.items === undefined ? "values" : membersOf(schema.items)}`;
  }
  if (schema.type === "object") {
    const values = schema.additionalProperties;
    return `table from text to ${typeof values === "object" ? typeOf(values) : "value"}`;
  }
  return wordOf(schema);
}

function membersOf(items: JsonSchema): string {
  return items.properties ? `{${Object.keys(items.properties).join(", ")}}` : `${wordOf(items)}s`;
}

function wordOf({ type, format }: JsonSchema): string {
  if (type === "boolean") {
    return "true or false";
  }
  return format === "uri" ? "https URL" : "text";
}

function rangeOf({ minimum, maximum }: JsonSchema): string {
  return minimum === undefined || maximum === undefined ? "" : `, ${minimum} to ${maximum}`;
}
