import { Argument, InvalidArgumentError, Option, type Command } from "commander";
import type { Consents } from "../policy/consent/consents.ts";
import type { ConsentRecord } from "../store/consent-records.ts";
import { askYesOrNo } from "./ask-yes-or-no.ts";
import { wholeNumber } from "./option-values.ts";
import { fitForTerminal, memberLines, print, textTable, utcTime } from "./terminal-text.ts";

/** What the commands need of an installation. */
export interface OpenedConsents {
  readonly consents: Consents;
  /** Who runs the command: the operating system's user name. */
  readonly operator: string;
  close(): Promise<void>;
}

export type OpenConsents = () => Promise<OpenedConsents>;

/** The reasons for which the bank itself ends a consent (Consents API 3.3.1). */
const reasons = ["INTERNAL_SECURITY_REASON", "CONSENT_TECHNICAL_ISSUE"] as const;

/** Adds `porteiro consents list|show|reject`; no command shows whose CPF or CNPJ a consent holds. */
export function registerConsentsCommands(program: Command, open: OpenConsents): void {
  const consents = program.command("consents").description("the customers' consents, on the store of the settings; works while the server runs");
  addList(consents, open);
  addShow(consents, open);
  addReject(consents, open);
}

interface ListOptions {
  readonly client?: string;
  readonly customer?: string;
  readonly limit: number;
  readonly after?: string;
  readonly json?: true;
}

function addList(consents: Command, open: OpenConsents): void {
  consents
    .command("list")
    .description("print the consents in force for a client, or all that a customer has authorised; times are UTC")
    .option("--client <client-id>", "of this client")
    .addOption(new Option("--customer <customer-id>", "of this customer, newest first, also those that have ended").conflicts("client"))
    .option("--limit <count>", "at most this many (1 to 1000)", wholeNumber(1, 1_000), 100)
    .option("--after <place>", "the next page: what the last one said")
    .option("--json", "print one JSON document a line")
    .addHelpText("after", "\nExample: porteiro consents list --client <client-id> --limit 20")
    .action(({ client, customer, limit, after, json }: ListOptions, command: Command) => {
      if (client === undefined && customer === undefined) {
        command.error("porteiro: expected --client or --customer");
      }
      return withConsents(open, async (opened) => {
        const page = { limit, ...(after === undefined ? {} : { after }) };
        const { consents: found, next } = await (client === undefined ? opened.consents.listOfCustomer(String(customer), page) : opened.consents.listOfClient(client, page));
        await print(json ? found.map((consent) => `${JSON.stringify(shown(consent))}\n`).join("") : table(found));
        if (next !== undefined) {
          console.error(`There may be more: the same with --after ${next}`);
        }
      });
    });
}

function addShow(consents: Command, open: OpenConsents): void {
  consents
    .command("show")
    .description("print one consent")
    .addArgument(consentArgument())
    .option("--json", "print it as JSON")
    .action((id: string, { json }: { json?: true }) =>
      withConsents(open, async (opened) => {
        const consent = shown(await existing(opened, id));
        await print(json ? `${JSON.stringify(consent, undefined, 2)}\n` : memberLines(consent));
      }),
    );
}

interface RejectOptions {
  readonly reason: (typeof reasons)[number];
  readonly information?: string;
  readonly yes?: true;
}

function addReject(consents: Command, open: OpenConsents): void {
  consents
    .command("reject")
    .description("end a consent as the bank, with all its tokens, at once and for good; the TPP reads the reason")
    .addArgument(consentArgument())
    .addOption(new Option("--reason <code>", "why").choices(reasons).makeOptionMandatory())
    .option("--information <text>", "what else the TPP is to read; no personal data", informationText)
    .option("--yes", "do not ask for confirmation")
    .action((id: string, { reason, information, yes }: RejectOptions) =>
      withConsents(open, async (opened) => {
        await existing(opened, id);
        if (!yes && !(await askYesOrNo(`Reject consent ${id}, for good?`))) {
          throw new Error(`consent ${id} is not rejected: it was not confirmed; answer yes, or give --yes`);
        }
        const rejection = { by: "ASPSP", code: reason, ...(information === undefined ? {} : { additionalInformation: information }) } as const;
        const change = await opened.consents.reject(id, rejection, { actor: { kind: "operator", operator: opened.operator } });
        if (!change.done) {
          throw new Error(`consent ${id} is REJECTED already: ${change.consent?.rejection?.code ?? "it is gone"}`);
        }
        await print(`Consent ${id} is REJECTED.\n`);
      }),
    );
}

function consentArgument(): Argument {
  return new Argument("<consent-id>", "id of the consent, urn:porteiro:...");
}

async function withConsents<T>(open: OpenConsents, work: (opened: OpenedConsents) => Promise<T>): Promise<T> {
  const opened = await open();
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

async function existing({ consents }: OpenedConsents, id: string): Promise<ConsentRecord> {
  const consent = await consents.find(id);
  if (!consent) {
    throw new Error(`there is no consent ${fitForTerminal(id, 80)}`);
  }
  return consent;
}

/** A consent as an operator may see it: without CPF and CNPJ. */
function shown(consent: ConsentRecord): Record<string, unknown> {
  const { authorisation, rejection, expiresAt } = consent;
  return {
    consent_id: consent.consentId,
    client_id: consent.clientId,
    status: consent.status,
    of_company: consent.ofCompany === true,
    permissions: consent.permissions,
    created_at: utcTime(consent.createdAt),
    status_updated_at: utcTime(consent.statusUpdatedAt),
    ...(expiresAt === undefined ? {} : { expires_at: utcTime(expiresAt) }),
    ...(authorisation && { customer_id: authorisation.customerId, authorised_at: utcTime(authorisation.at), account_ids: authorisation.accounts }),
    ...(rejection && { rejection: { rejected_by: rejection.by, reason: rejection.code, ...(rejection.additionalInformation !== undefined && { information: rejection.additionalInformation }) } }),
    extensions: consent.extensions,
  };
}

function table(consents: readonly ConsentRecord[]): string {
  if (consents.length === 0) {
    return "No consents.\n";
  }
  const rows = consents.map(({ consentId, clientId, status, authorisation, expiresAt, rejection }) => [
    consentId,
    clientId,
    status,
    authorisation === undefined ? "" : utcTime(authorisation.at),
    expiresAt === undefined ? "" : utcTime(expiresAt),
    rejection?.code ?? "",
  ]);
  return textTable(["CONSENT ID", "CLIENT ID", "STATUS", "AUTHORISED (UTC)", "UNTIL (UTC)", "REASON"], rows);
}

/** As the contract has it: 1 to 140 characters, none of them white space at either end. */
function informationText(text: string): string {
  const information = text.trim();
  if (information === "" || information.length > 140 || /\p{C}/u.test(information)) {
    throw new InvalidArgumentError("Expected 1 to 140 characters, without control characters.");
  }
  return information;
}
