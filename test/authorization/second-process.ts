import { freePorts, type TestServer } from "../support/server.ts";
import { startServerProcess } from "../support/server-process.ts";

export interface SecondProcess {
  /** The same address at the other process. */
  at(url: string): string;
  stop(): Promise<number | null>;
}

/** Another process of the same server, on the same store under other ports. */
export async function startSecondProcess(server: TestServer): Promise<SecondProcess> {
  const [publicPort, mtlsPort, opsPort] = await freePorts(3);
  const listeners = { public: { port: publicPort }, mtls: { port: mtlsPort }, ops: { port: opsPort } };
  const process = await startServerProcess({ ...server.settings, listeners });
  return {
    at(url) {
      const moved = new URL(url);
      moved.port = String(url.startsWith(String(server.settings["mtlsUrl"])) ? mtlsPort : publicPort);
      return moved.href;
    },
    stop: () => process.stop(),
  };
}
