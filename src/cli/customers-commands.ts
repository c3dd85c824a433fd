import { createInterface } from "node:readline";
import { InvalidArgumentError, type Command } from "commander";
import type { AuditActor } from "../kernel/audit-entry.ts";
import type { Randomness } from "../kernel/identifiers.ts";
import type { RepresentedCompany } from "../policy/customer/customer-directory.ts";
import type { EnrolledCustomer, EnrolledCustomers, Enrolment } from "../policy/customer/enrol-customers.ts";
import { newSeed, otpauthUri } from "../policy/customer/one-time-code.ts";
import { askYesOrNo } from "./ask-yes-or-no.ts";
import { wholeNumber } from "./option-values.ts";
import { fitForTerminal, memberLines, print, textTable, utcTime } from "./terminal-text.ts";

/** What the commands need of an installation. */
export interface OpenedCustomers {
  readonly customers: Enrolment & EnrolledCustomers;
  readonly randomness: Randomness;
  /** What an authenticator app calls the bank. */
  readonly issuer: string;
  /** Who runs the command: the operating system's user name. */
  readonly operator: string;
  close(): Promise<void>;
}

export type OpenCustomers = () => Promise<OpenedCustomers>;

/** Adds `porteiro customers add|list|show|disable|enable|reset-password|enrol-second-factor|remove`; every change is audited. */
export function registerCustomersCommands(program: Command, open: OpenCustomers): void {
  const customers = program
    .command("customers")
    .description("the customers of the server's own directory, on the store of the settings; works while the server runs");
  addAdd(customers, open);
  addList(customers, open);
  addShow(customers, open);
  addChange(customers, open, "disable", "let a customer in no more, and refresh no token of theirs, until they are enabled", "disabled");
  addChange(customers, open, "enable", "let a disabled customer in again", "enabled");
  addResetPassword(customers, open);
  addEnrolSecondFactor(customers, open);
  addRemove(customers, open);
}

interface AddOptions extends PasswordOption {
  readonly cpf: string;
  readonly userName: string;
  readonly name: string;
  readonly company: readonly RepresentedCompany[];
  readonly id?: string;
  readonly secondFactor?: true;
}

interface PasswordOption {
  readonly passwordStdin?: true;
}

const passwordOption = ["--password-stdin", "read the password from standard input, one line, instead of making one and printing it once"] as const;

function addAdd(customers: Command, open: OpenCustomers): void {
  customers
    .command("add")
    .description("enrol a customer")
    .requiredOption("--cpf <cpf>", "CPF, 11 digits")
    .requiredOption("--user-name <name>", "the other name to log in with")
    .requiredOption("--name <name>", "full name, shown on the pages")
    .option("--company <cnpj=name>", "a company that the customer acts for, with its legal name; may be repeated", company, [])
    .option("--id <customer-id>", "the lasting id (`sub`), 8 to 64 of A-Z a-z 0-9 - _; made when left out")
    .option("--second-factor", "make a seed of one-time codes, too, and print it once")
    .option(...passwordOption)
    .addHelpText("after", '\nExample: porteiro customers add --cpf 00011122285 --user-name jacaranda --name "Jacarandá de Exemplo"')
    .action((options: AddOptions) =>
      withCustomers(open, async (opened) => {
        const { cpf, userName, name, company: companies } = options;
        const customerId = options.id ?? opened.randomness(16).toString("hex");
        const secret = await passwordFor(options, opened);
        const seed = options.secondFactor && newSeed(opened.randomness);
        const added = await opened.customers.enrol({ customerId, userName, name, cpf, companies, password: secret.password, ...(seed && { oneTimeCodeSeed: seed }) }, actorOf(opened));
        if (!added) {
          throw new Error(`customer ${fitForTerminal(customerId)} is enrolled already and stays as they are`);
        }
        await print(`Customer ${customerId} is enrolled.\n${secret.shown}${seed ? seedShown(seed, userName, opened) : ""}`);
        tellSecrets(secret.shown + (seed ?? ""));
      }),
    );
}

interface ListOptions {
  readonly limit: number;
  readonly after?: string;
  readonly json?: true;
}

function addList(customers: Command, open: OpenCustomers): void {
  customers
    .command("list")
    .description("print the customers, ordered by id; CPFs are masked, times are UTC")
    .option("--limit <count>", "at most this many (1 to 1000)", wholeNumber(1, 1_000), 100)
    .option("--after <customer-id>", "only those after this id: the next page")
    .option("--json", "print one JSON document a line")
    .action(({ limit, after, json }: ListOptions) =>
      withCustomers(open, async (opened) => {
        const ids = await opened.customers.list({ limit, ...(after === undefined ? {} : { after }) });
        const found = (await Promise.all(ids.map((id) => opened.customers.enrolled(id)))).flatMap((customer) => (customer ? [shown(customer)] : []));
        await print(json ? found.map((customer) => `${JSON.stringify(customer)}\n`).join("") : table(found));
        if (ids.length === limit) {
          console.error(`There may be more: porteiro customers list --limit ${limit} --after ${ids.at(-1)}`);
        }
      }),
    );
}

function addShow(customers: Command, open: OpenCustomers): void {
  customers
    .command("show")
    .description("print one customer, with the whole CPF and nothing that opens a door")
    .argument("<customer-id>", "id of the customer")
    .option("--json", "print it as JSON")
    .action((id: string, { json }: { json?: true }) =>
      withCustomers(open, async (opened) => {
        const customer = await existing(opened, id);
        const members = { ...shown(customer), cpf: customer.cpf, companies: customer.companies.map(({ cnpj, legalName }) => (json ? { cnpj, legal_name: legalName } : `${cnpj} ${legalName}`)) };
        await print(json ? `${JSON.stringify(members, undefined, 2)}\n` : memberLines(members));
      }),
    );
}

function addChange(customers: Command, open: OpenCustomers, change: "disable" | "enable", description: string, done: string): void {
  customers
    .command(change)
    .description(description)
    .argument("<customer-id>", "id of the customer")
    .action((id: string) =>
      withCustomers(open, async (opened) => {
        await opened.customers[change](id, actorOf(opened));
        await print(`Customer ${id} is ${done}.\n`);
      }),
    );
}

function addResetPassword(customers: Command, open: OpenCustomers): void {
  customers
    .command("reset-password")
    .description("give a customer a new password; the old one is worth nothing any more")
    .argument("<customer-id>", "id of the customer")
    .option(...passwordOption)
    .action((id: string, options: PasswordOption) =>
      withCustomers(open, async (opened) => {
        const secret = await passwordFor(options, opened);
        await opened.customers.changePassword(id, secret.password, actorOf(opened));
        await print(`Customer ${id} has a new password.\n${secret.shown}`);
        tellSecrets(secret.shown);
      }),
    );
}

function addEnrolSecondFactor(customers: Command, open: OpenCustomers): void {
  customers
    .command("enrol-second-factor")
    .description("make a new seed of one-time codes and print it once; the one before is worth nothing any more")
    .argument("<customer-id>", "id of the customer")
    .action((id: string) =>
      withCustomers(open, async (opened) => {
        const { userName } = await existing(opened, id);
        const seed = newSeed(opened.randomness);
        await opened.customers.enrolSecondFactor(id, seed, actorOf(opened));
        await print(`Customer ${id} has a new second factor.\n${seedShown(seed, userName, opened)}`);
        tellSecrets(seed);
      }),
    );
}

function addRemove(customers: Command, open: OpenCustomers): void {
  customers
    .command("remove")
    .description("end an account for good; its id, CPF and user name stay taken, so that no `sub` ever means somebody else")
    .argument("<customer-id>", "id of the customer")
    .option("--yes", "do not ask for confirmation")
    .action((id: string, { yes }: { yes?: true }) =>
      withCustomers(open, async (opened) => {
        const { name } = await existing(opened, id);
        if (!yes && !(await askYesOrNo(`Remove customer ${id} (${fitForTerminal(name, 80)}), for good?`))) {
          throw new Error(`customer ${id} is not removed: it was not confirmed; answer yes, or give --yes`);
        }
        await opened.customers.close(id, actorOf(opened));
        await print(`Customer ${id} is removed.\n`);
      }),
    );
}

async function withCustomers<T>(open: OpenCustomers, work: (opened: OpenedCustomers) => Promise<T>): Promise<T> {
  const opened = await open();
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

async function existing({ customers }: OpenedCustomers, id: string): Promise<EnrolledCustomer> {
  const customer = await customers.enrolled(id);
  if (!customer) {
    throw new Error(`there is no customer ${fitForTerminal(id, 64)}; see porteiro customers list`);
  }
  return customer;
}

function actorOf({ operator }: OpenedCustomers): AuditActor {
  return { kind: "operator", operator };
}

/** The password to set, and what is printed of it: one that was given is not repeated. */
async function passwordFor({ passwordStdin }: PasswordOption, { randomness }: OpenedCustomers): Promise<{ password: string; shown: string }> {
  if (!passwordStdin) {
    const password = randomness(15).toString("base64url");
    return { password, shown: `password  ${password}\n` };
  }
  for await (const line of createInterface({ input: process.stdin })) {
    return { password: line, shown: "" };
  }
  throw new Error("expected a password on standard input, received nothing");
}

function seedShown(seed: string, userName: string, { issuer }: OpenedCustomers): string {
  return `one-time codes  ${otpauthUri(seed, { label: userName, issuer })}\n`;
}

function tellSecrets(printed: string): void {
  if (printed !== "") {
    console.error("Hand it to the customer over a safe channel: it is not shown again.");
  }
}

type ShownCustomer = ReturnType<typeof shown>;

function shown({ customerId, status, userName, name, cpf, companies, hasSecondFactor, updatedAt }: EnrolledCustomer) {
  return {
    customer_id: customerId,
    status,
    user_name: userName,
    name,
    cpf: `***.${cpf.slice(3, 6)}.${cpf.slice(6, 9)}-**`,
    companies: companies.length,
    second_factor: hasSecondFactor,
    updated_at: utcTime(updatedAt),
  };
}

function table(customers: readonly ShownCustomer[]): string {
  if (customers.length === 0) {
    return "No customers.\n";
  }
  const titles = ["CUSTOMER ID", "STATUS", "USER NAME", "NAME", "CPF", "COMPANIES", "SECOND FACTOR", "CHANGED (UTC)"];
  const rows = customers.map((customer) => [
    customer.customer_id,
    customer.status,
    customer.user_name,
    customer.name,
    customer.cpf,
    String(customer.companies),
    customer.second_factor ? "yes" : "no",
    customer.updated_at.replace("T", " ").replace("Z", ""),
  ]);
  return textTable(titles, rows);
}

function company(text: string, before: readonly RepresentedCompany[]): RepresentedCompany[] {
  const [, cnpj, legalName] = /^([0-9A-Z]{12}\d{2})=(\S.*)$/.exec(text) ?? [];
  if (cnpj === undefined || legalName === undefined) {
    throw new InvalidArgumentError("Expected the CNPJ, 14 characters without punctuation, then = and the legal name.");
  }
  return [...before, { cnpj, legalName }];
}
