// Enrols customer after customer in the store of the folder given, and prints the number of each once it is acknowledged.
import { openLogin } from "./open-login.ts";
import { numbered } from "./numbered-customer.ts";

const folder = process.argv[2];
if (folder === undefined) throw new Error("expected the folder of the store as the only argument, received none");
const { directory } = await openLogin({ folder });
for (let number = 1; ; number += 1) {
  await directory.enrol(numbered(number), { kind: "server" });
  process.stdout.write(`${number}\n`);
}
