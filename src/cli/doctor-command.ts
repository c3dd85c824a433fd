import type { Command } from "commander";
import type { Realm } from "../oidc/endpoints.ts";
import { readPublicFile } from "./doctor-files.ts";
import { doctorJson } from "./doctor-json.ts";
import { doctorText } from "./doctor-text.ts";
import { examinePapers, type ExaminationNeeds, type Papers } from "./examine-papers.ts";
import { plainSentence } from "./plain-sentence.ts";
import { languageOption, type Language } from "./refusals-command.ts";
import { print } from "./terminal-text.ts";

export interface OpenedDoctor {
  readonly realm: Realm;
  readonly needs: ExaminationNeeds;
  close(): Promise<void>;
}

export type OpenDoctor = () => Promise<OpenedDoctor>;

interface DoctorOptions {
  readonly cert: string;
  readonly chain?: string;
  readonly statement?: string;
  readonly body?: string;
  readonly seal?: string;
  readonly json?: true;
  readonly lang: Language;
}

/** Exit codes: what was given is accepted; it is refused; it could not be judged. */
const exit = { accepted: 0, refused: 1, notJudged: 2 } as const;

/** Adds `porteiro doctor`: the server's verdicts on a TPP's files, with the server's settings, before any call is made. */
export function registerDoctorCommand(program: Command, open: OpenDoctor): void {
  program
    .command("doctor")
    .description("tell what the server would say to a TPP's certificate, statement and registration body, check by check")
    .requiredOption("--cert <file>", "the transport certificate (BRCAC), PEM or DER, with its intermediates behind it")
    .option("--chain <file>", "further certificates, as the TPP sends them")
    .option("--statement <file>", "a software statement; with --body it takes the place of the body's own")
    .option("--body <file>", "the body of a registration: decided as the server would, and nothing stored")
    .option("--seal <file>", "the signature certificate (BRSEAL)")
    .option("--json", "print it as JSON")
    .addOption(languageOption())
    .addHelpText("after", "\nExit code: 0 accepted, 1 refused, 2 could not be judged.\nExample: porteiro doctor --cert client.crt --body register.json --lang pt")
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : exit.notJudged))
    .action(async (options: DoctorOptions) => {
      try {
        process.exitCode = await examine(options, open);
      } catch (error) {
        console.error(`porteiro: ${plainSentence(error)}`);
        process.exitCode = exit.notJudged;
      }
    });
}

async function examine(options: DoctorOptions, open: OpenDoctor): Promise<number> {
  const papers = await readPapers(options);
  const { realm, needs, close } = await open();
  try {
    const examination = await examinePapers(papers, needs);
    const text = options.json ? `${JSON.stringify(doctorJson(examination, realm), undefined, 2)}\n` : doctorText(examination, options.lang, coloursWanted());
    await print(text);
    return examination.accepted ? exit.accepted : exit.refused;
  } finally {
    await close();
  }
}

async function readPapers(options: DoctorOptions): Promise<Papers> {
  const read = async (file: string | undefined) => (file === undefined ? undefined : readPublicFile(file));
  const [certificate, chain, seal, statement, body] = await Promise.all([
    readPublicFile(options.cert),
    read(options.chain),
    read(options.seal),
    read(options.statement),
    read(options.body),
  ]);
  return { certificate, ...(chain && { chain }), ...(seal && { seal }), ...(statement && { statement }), ...(body && { body }) };
}

/** https://no-color.org: any value that is not empty switches colours off. */
function coloursWanted(): boolean {
  return process.stdout.isTTY && !process.env["NO_COLOR"];
}
