import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { bankUrl } from "../bank/bank-settings.ts";
import { sampleLogins } from "../bank/sample-logins.ts";
import { systemClock } from "../kernel/clock.ts";
import { systemRandomness } from "../kernel/identifiers.ts";
import { openFinanceRealm } from "../oidc/endpoints.ts";
import { openDirectoryClient, readPem } from "./directory-client.ts";
import { createJourneyReport } from "./journey-report.ts";
import { runJourney } from "./journey-story.ts";
import { plainSentence } from "./plain-sentence.ts";
import { ownDirectory, realNamesDirectory, runningDirectory } from "./running-directory.ts";
import { surroundingsOf } from "./serve-command.ts";

interface JourneyOptions {
  readonly revoke: boolean;
  readonly headed: boolean;
  readonly lang: "pt" | "en";
  readonly login: string;
  readonly directoryUrl?: string;
  readonly bankUrl?: string;
  readonly ca: string;
  readonly chromium: string;
}

/** Adds `porteiro journey`: a customer's whole journey against the running sandbox, step by step. */
export function registerJourneyCommand(program: Command, root: string): void {
  program
    .command("journey")
    .description("take a sample customer through the whole journey in the running sandbox: consent, log-in, approval, tokens, data")
    .option("--revoke", "end the consent at last, and see every door closed", false)
    .option("--headed", "show the browser", false)
    .addOption(new Option("--lang <language>", "language of the browser").choices(["pt", "en"]).default("pt"))
    .addOption(new Option("--login <name>", "sample customer who consents").choices(people.map(({ userName }) => userName)).default(people[0]?.userName))
    .option("--directory-url <url>", `where the sandbox directory takes commands; left out: ${realNamesDirectory}, or else ${ownDirectory}`)
    .option("--bank-url <url>", "root URL of the running sample bank; left out: that of the settings")
    .option("--ca <file>", "authority of their TLS certificates", join(root, "certs/local/ca.crt"))
    .addOption(new Option("--chromium <file>", "the browser to start").env("CHROMIUM_PATH").default("/usr/bin/chromium"))
    .addHelpText("after", "\nThe URLs of server and bank are those of the settings. Exit code 0 only when every step went as it must.\nExample: npm run sandbox (in one terminal), npm run journey -- --revoke (in another)")
    .action((options: JourneyOptions) => journey(root, options));
}

const people = sampleLogins;

async function journey(root: string, options: JourneyOptions): Promise<void> {
  const { settings } = surroundingsOf(root);
  const { issuer, mtlsUrl } = openFinanceRealm(settings);
  const report = createJourneyReport((text) => process.stdout.write(text), () => performance.now());
  const folder = await mkdtemp(join(tmpdir(), "porteiro-journey-"));
  try {
    const caPem = await readPem(options.ca, "the local authority; start the sandbox first");
    const directoryUrl = options.directoryUrl ?? (await runningDirectory(caPem));
    await runJourney({
      report,
      directory: await openDirectoryClient(directoryUrl, options.ca),
      directoryUrl,
      caPem,
      issuer,
      mtlsUrl,
      bankUrl: options.bankUrl ?? bankUrl(settings.sampleBank),
      folder,
      customer: customerCalled(options.login),
      browser: { executablePath: options.chromium, headed: options.headed, language: options.lang },
      revoke: options.revoke,
      clock: systemClock,
      randomness: systemRandomness,
    });
    console.log("\nEvery step went as it must.");
  } catch (error) {
    console.error(`\njourney failed at step ${report.count}: ${plainSentence(error)}`);
    process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function customerCalled(login: string) {
  const found = people.find(({ userName }) => userName === login);
  if (!found) throw new Error(`expected the name of a sample customer, received ${login}`);
  return { userName: found.userName, password: found.password, cpf: found.cpf };
}
