import { callHttps } from "./https-call.ts";

/** With the real host names the sandbox directory takes commands on their port, else on its own. */
export const realNamesDirectory = "https://localhost";
export const ownDirectory = "https://localhost:9443";

/** Where the running sandbox directory takes commands; its own address when none answers. */
export async function runningDirectory(caPem: string): Promise<string> {
  // Whatever it says: a certificate of the local authority is proof enough.
  return callHttps(`${realNamesDirectory}/`, { ca: caPem }).then(
    () => realNamesDirectory,
    () => ownDirectory,
  );
}
