import { InvalidArgumentError, type Command } from "commander";
import { registrationClientUri, type Realm } from "../oidc/endpoints.ts";
import { ClientChangedMeanwhile, type ChangedBy, type ClientLifecycle } from "../policy/registration/client-lifecycle.ts";
import type { ClientRecord, ClientRecords, ClientSuspension, OperatorDecision, VersionedClient } from "../store/client-records.ts";
import { askYesOrNo } from "./ask-yes-or-no.ts";
import { wholeNumber } from "./option-values.ts";
import { fitForTerminal, memberLines, print, textTable, utcTime } from "./terminal-text.ts";

/** What the commands need of an installation. */
export interface OpenedClients {
  readonly realm: Realm;
  readonly clients: ClientRecords;
  readonly lifecycle: ClientLifecycle;
  /** Scopes of the bank's products, which an operator may grant. */
  readonly productScopes: readonly string[];
  /** Who runs the command: the operating system's user name. */
  readonly operator: string;
  close(): Promise<void>;
}

export type OpenClients = () => Promise<OpenedClients>;

/** Adds `porteiro clients list|show|delete|suspend|restore|grant|recover`; every change is audited with its operator. */
export function registerClientsCommands(program: Command, open: OpenClients): void {
  const clients = program
    .command("clients")
    .description("the registered clients, on the store of the settings; works while the server runs");
  addList(clients, open);
  addShow(clients, open);
  addDelete(clients, open);
  addSuspend(clients, open);
  addRestore(clients, open);
  addGrant(clients, open);
  addRecover(clients, open);
}

interface ListOptions {
  readonly limit: number;
  readonly after?: string;
  readonly json?: true;
}

function addList(clients: Command, open: OpenClients): void {
  clients
    .command("list")
    .description("print the registered clients, and deleted ones of which an operator's decision stays, ordered by client id; times are UTC")
    .option("--limit <count>", "at most this many (1 to 1000)", wholeNumber(1, 1_000), 100)
    .option("--after <client-id>", "only those after this client id: the next page")
    .option("--json", "print one JSON document a line")
    .addHelpText("after", "\nExample: porteiro clients list --limit 20")
    .action(({ limit, after, json }: ListOptions) =>
      withClients(open, async (opened) => {
        // One more than asked for tells whether there is a next page.
        const ids = await opened.clients.list(opened.realm.name, { limit: Math.min(limit + 1, 1_000), ...(after === undefined ? {} : { after }) });
        const page = ids.slice(0, limit);
        const found = (await Promise.all(page.map((id) => registeredOrDeleted(opened, id)))).flatMap((one) => one ?? []);
        await print(json ? found.map((one) => `${JSON.stringify(shown(one))}\n`).join("") : table(found));
        if (ids.length > limit || (limit === 1_000 && ids.length === limit)) {
          console.error(`There may be more: porteiro clients list --limit ${limit} --after ${page.at(-1)}`);
        }
      }),
    );
}

function addShow(clients: Command, open: OpenClients): void {
  clients
    .command("show")
    .description("print one client: all that is registered, nothing secret")
    .argument("<client-id>", "id of the client")
    .option("--json", "print it as JSON")
    .action((id: string, { json }: { json?: true }) =>
      withClients(open, async (opened) => {
        const record = (await registeredOrDeleted(opened, id)) ?? refuseAbsent(id);
        await print(json ? `${JSON.stringify(shown(record), undefined, 2)}\n` : memberLines(shown(record)));
      }),
    );
}

function addDelete(clients: Command, open: OpenClients): void {
  clients
    .command("delete")
    .description("end a registration with its grants and tokens, at once and for good; its audit trail stays")
    .argument("<client-id>", "id of the client")
    .option("--yes", "do not ask for confirmation")
    .action((id: string, { yes }: { yes?: true }) =>
      withClients(open, async (opened) => {
        const { record } = await existing(opened, id);
        if (!yes && !(await askYesOrNo(`Delete client ${id} (${nameOf(record)}) with all its tokens, for good?`))) {
          throw new Error(`client ${id} is not deleted: it was not confirmed; answer yes, or give --yes`);
        }
        const suspended = await changed(opened, id, async (client, by) => {
          await opened.lifecycle.remove(client, by);
          return client.record.suspension?.by === "operator";
        });
        const stays = suspended ? ` Its software stays suspended: porteiro clients restore ${id} lets it register again.` : "";
        await print(`Client ${id} (${nameOf(record)}) is deleted.${stays}\n`);
      }),
    );
}

function addSuspend(clients: Command, open: OpenClients): void {
  clients
    .command("suspend")
    .description("let a client get no more tokens, and its tokens open nothing, until it is restored; deleting it and registering anew does not help")
    .argument("<client-id>", "id of the client")
    .requiredOption("--reason <text>", "why, for the audit trail and for colleagues; no personal data", reasonText)
    .action((id: string, { reason }: { reason: string }) =>
      withClients(open, async (opened) => {
        await changed(opened, id, async (client, by) => {
          const { suspension } = client.record;
          if (suspension?.by === "operator") {
            throw new Error(`client ${id} is suspended already, since ${utcTime(suspension.at)}: ${fitForTerminal(suspension.reason)}`);
          }
          await opened.lifecycle.suspend(client, { by: "operator", reason }, by);
        });
        await print(`Client ${id} is suspended.\n`);
      }),
    );
}

function addRestore(clients: Command, open: OpenClients): void {
  clients
    .command("restore")
    .description("lift a client's suspension; the directory's own (by software statement or participants list), beneath an operator's, stays")
    .argument("<client-id>", "id of the client, which may be deleted: its software may then register again")
    .action((id: string) =>
      withClients(open, async (opened) => {
        const decision = await opened.clients.decisionOf(id);
        if (decision?.suspension) {
          await opened.lifecycle.restoreSoftware(decision, operatorOf(opened));
          await print(`Client ${id} stays deleted; its software is no longer suspended and may register again.\n`);
          return;
        }
        const left = await changed(opened, id, async (client, by) => {
          if (client.record.status === "active") {
            throw new Error(`client ${id} is not suspended`);
          }
          return opened.lifecycle.restore(client, by);
        });
        await print(left ? `Client ${id} stays suspended by the directory: ${fitForTerminal(left.reason)}.\n` : `Client ${id} is active.\n`);
      }),
    );
}

interface GrantOptions {
  readonly scopes: readonly string[];
  readonly withdraw: readonly string[];
}

function addGrant(clients: Command, open: OpenClients): void {
  clients
    .command("grant")
    .description("give a client scopes of the bank's products (setting bankProducts), or take them back")
    .argument("<client-id>", "id of the client")
    .option("--scopes <scopes>", "scopes to give, comma separated", commaSeparated, [])
    .option("--withdraw <scopes>", "scopes to take back, comma separated", commaSeparated, [])
    .addHelpText("after", "\nExample: porteiro clients grant <client-id> --scopes accounts:read,institution-users:read")
    .action((id: string, options: GrantOptions, command: Command) => {
      if (options.scopes.length + options.withdraw.length === 0) {
        command.error("porteiro: expected --scopes or --withdraw, each with scopes of the bank's products");
      }
      return withClients(open, async (opened) => {
        const held = await changed(opened, id, async (client, by) => {
          const before = client.record.productScopes;
          // What is no longer offered can still be taken back.
          refuseUnknown(options.scopes, opened.productScopes);
          refuseUnknown(options.withdraw, [...new Set([...opened.productScopes, ...before])]);
          const after = [...new Set([...before, ...options.scopes])].filter((scope) => !options.withdraw.includes(scope));
          if (after.join(" ") !== before.join(" ")) {
            await opened.lifecycle.grantProducts(client, after, by);
          }
          return after;
        });
        await print(`Client ${id} holds ${held.join(", ") || "no scope"} of the bank's products.\n`);
      });
    });
}

function addRecover(clients: Command, open: OpenClients): void {
  clients
    .command("recover")
    .description("make a new registration access token and print it once; the old one is dead")
    .argument("<client-id>", "id of the client")
    .addHelpText("after", "\nA TPP can do this by itself, with its certificate and a fresh statement: POST .../oauth2/register/recover")
    .action((id: string) =>
      withClients(open, async (opened) => {
        const { token } = await changed(opened, id, (client, by) => opened.lifecycle.recover(client, undefined, by));
        await print(`registration_client_uri    ${registrationClientUri(opened.realm, id)}\nregistration_access_token  ${token}\n`);
        console.error("Hand the token to the TPP over a safe channel: it is not shown again.");
      }),
    );
}

async function withClients<T>(open: OpenClients, work: (opened: OpenedClients) => Promise<T>): Promise<T> {
  const opened = await open();
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

async function existing({ clients }: OpenedClients, id: string): Promise<VersionedClient> {
  return (await clients.find(id)) ?? refuseAbsent(id);
}

function refuseAbsent(id: string): never {
  throw new Error(`there is no client ${fitForTerminal(id, 64)}; see porteiro clients list`);
}

/** A client, or what an operator decided of one that is deleted. */
async function registeredOrDeleted({ clients }: OpenedClients, id: string): Promise<ClientRecord | OperatorDecision | undefined> {
  return (await clients.find(id))?.record ?? clients.decisionOf(id);
}

function operatorOf({ operator }: OpenedClients): ChangedBy {
  return { actor: { kind: "operator", operator } };
}

/** How often a change is made anew when the server changed the same client in between. */
const attempts = 5;

async function changed<T>(opened: OpenedClients, id: string, change: (client: VersionedClient, by: ChangedBy) => Promise<T>): Promise<T> {
  const by = operatorOf(opened);
  for (let left = attempts; ; left -= 1) {
    const client = await existing(opened, id);
    try {
      return await change(client, by);
    } catch (error) {
      if (!(error instanceof ClientChangedMeanwhile) || left <= 1) {
        throw error;
      }
    }
  }
}

function refuseUnknown(scopes: readonly string[], known: readonly string[]): void {
  const unknown = scopes.filter((scope) => !known.includes(scope));
  if (unknown.length > 0) {
    const list = known.length === 0 ? "the setting bankProducts names none" : `expected some of ${known.join(", ")}`;
    throw new Error(`no scope of the bank's products: ${fitForTerminal(unknown.join(", "))}; ${list}`);
  }
}

/** A client as an operator may see it: without the hash of its token. Of a deleted one, what stays of it. */
function shown(one: ClientRecord | OperatorDecision): Record<string, unknown> {
  const named = { client_id: one.clientId, realm: one.realm, software_id: one.softwareId, organisation_id: one.organisationId };
  if (!isRegistered(one)) {
    const { suspension, products } = one;
    return {
      ...named,
      status: "deleted",
      ...(suspension === undefined ? {} : { suspension: shownSuspension({ by: "operator", ...suspension }) }),
      ...(products === undefined ? {} : { products }),
    };
  }
  const { suspension } = one;
  return {
    ...named,
    status: one.status,
    ...(suspension === undefined ? {} : { suspension: shownSuspension(suspension) }),
    product_scopes: one.productScopes,
    registered_at: utcTime(one.registeredAt),
    updated_at: utcTime(one.updatedAt),
    metadata: one.metadata,
  };
}

function isRegistered(one: ClientRecord | OperatorDecision): one is ClientRecord {
  return "status" in one;
}

function shownSuspension({ by, reason, at, over }: ClientSuspension): Record<string, unknown> {
  return { by, reason, at: utcTime(at), ...(over === undefined ? {} : { over: shownSuspension(over) }) };
}

function table(found: readonly (ClientRecord | OperatorDecision)[]): string {
  if (found.length === 0) {
    return "No clients.\n";
  }
  const titles = ["CLIENT ID", "SOFTWARE", "ORGANISATION", "STATUS", "SCOPE", "PRODUCT SCOPES", "REGISTERED (UTC)"];
  const rows = found.map((one) => [one.clientId, one.softwareId, one.organisationId, ...(isRegistered(one) ? registeredCells(one) : deletedCells(one))]);
  return textTable(titles, rows);
}

function registeredCells(record: ClientRecord): string[] {
  const { status, metadata, productScopes, registeredAt } = record;
  return [status, String(metadata["scope"] ?? ""), productScopes.join(" "), utcTime(registeredAt).replace("T", " ").replace("Z", "")];
}

function deletedCells({ suspension, products }: OperatorDecision): string[] {
  const { given = [], withdrawn = [] } = products ?? {};
  return [suspension ? "deleted, suspended" : "deleted", "", [...given.map((scope) => `+${scope}`), ...withdrawn.map((scope) => `-${scope}`)].join(" "), ""];
}

function nameOf(record: ClientRecord): string {
  return fitForTerminal(String(record.metadata["client_name"] ?? `software ${record.softwareId}`), 80);
}

function reasonText(text: string): string {
  const reason = text.trim();
  if (reason === "" || reason.length > 300 || /\p{C}/u.test(reason)) {
    throw new InvalidArgumentError("Expected 1 to 300 characters, without control characters.");
  }
  return reason;
}

function commaSeparated(text: string): string[] {
  return text.split(",").map((item) => item.trim()).filter((item) => item !== "");
}
