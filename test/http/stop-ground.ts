import { request } from "node:http";
import type { Agent } from "node:https";
import { setTimeout as rest } from "node:timers/promises";
import type { HttpsAnswer } from "../support/https-call.ts";
import { startKeystoreBetween } from "../support/keystore-between.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { freePorts, startTestServer, type TestServer } from "../support/server.ts";
import { startServerProcess, type ServerProcess } from "../support/server-process.ts";

/** A registration under way that cannot be answered before `goOn` is called. */
export interface HeldRegistration {
  readonly answer: Promise<HttpsAnswer>;
  readonly goOn: () => void;
}

/** `porteiro serve` as a process of its own, under ports of its own. */
export interface Instance {
  readonly process: ServerProcess;
  readonly ports: Ports;
  /** An address of the server, as this process serves it. */
  at(url: string): string;
  holdRegistration(tpp: SandboxTpp, agent?: Agent): Promise<HeldRegistration>;
  ops(path: string): Promise<{ status: number | undefined; body: Record<string, unknown> }>;
  untilRefused(): Promise<void>;
}

export interface Ports {
  readonly public: number;
  readonly mtls: number;
  readonly ops: number;
}

/** Where processes are started and stopped, all on one store. */
export interface StopGround {
  readonly directory: SandboxDirectory;
  /** Gives the settings and the calls, and serves the same store. */
  readonly server: TestServer;
  ports(): Promise<Ports>;
  settingsAt(ports: Ports, change?: Readonly<Record<string, unknown>>): Record<string, unknown>;
  start(change?: Readonly<Record<string, unknown>>, command?: [string, ...string[]]): Promise<Instance>;
  stop(): Promise<void>;
}

/** A registration is held for longer than the keystore is waited for as a rule, on a machine that is busy. */
const patient = { timeoutMilliseconds: 20_000 };

export async function openStopGround(): Promise<StopGround> {
  const directory = await startSandboxDirectory();
  const keystore = await startKeystoreBetween(directory);
  const server = await startTestServer({ directory, settings: { directory: { ...patient, keystoreUrl: keystore.url, caFile: directory.localAuthority.caFile } } });

  const ports = async (): Promise<Ports> => {
    const [publicPort = 0, mtls = 0, ops = 0] = await freePorts(3);
    return { public: publicPort, mtls, ops };
  };
  const settingsAt: StopGround["settingsAt"] = (given, change = {}) => ({
    ...server.settings,
    listeners: { public: { port: given.public }, mtls: { port: given.mtls }, ops: { port: given.ops } },
    ...change,
  });

  return {
    directory,
    server,
    ports,
    settingsAt,
    async start(change, command) {
      const given = await ports();
      const process = await startServerProcess(settingsAt(given, change), command);
      const at = (url: string): string => {
        const address = new URL(url);
        address.port = String(address.port === new URL(String(server.settings["publicUrl"])).port ? given.public : given.mtls);
        return address.href;
      };
      // A primary whose workers all close at this moment may keep a connection that it could give to nobody any more,
      // until it ends itself.
      const noAnswer = () => rest(2_000, true);
      const refuses = () => {
        const answered = server.call(at(server.url("jwks"))).then(
          () => false,
          () => true,
        );
        return Promise.race([answered, noAnswer()]);
      };
      return {
        process,
        ports: given,
        at,
        async holdRegistration(tpp, agent) {
          const asked = keystore.held(tpp);
          const body = { redirect_uris: tpp.description.redirect_uris, software_statement: (await keystore.registration(tpp)).software_statement };
          const answer = server.post(at(server.url("registration")), body, { identity: tpp.tls, ...(agent ? { agent } : {}) });
          return { answer, goOn: await asked };
        },
        ops: (path) => opsAnswer(given.ops, path),
        async untilRefused() {
          while (!(await refuses())) await rest(20);
        },
      };
    },
    async stop() {
      await server.stop();
      await keystore.stop();
      await directory.stop();
    },
  };
}

function opsAnswer(port: number, path: string): Promise<{ status: number | undefined; body: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", path, agent: false }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.on("end", () => resolve({ status: answer.statusCode, body: JSON.parse(text) as Record<string, unknown> }));
    });
    sent.on("error", reject);
    sent.end();
  });
}
