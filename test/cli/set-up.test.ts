import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "chai";

const root = resolve(import.meta.dirname, "../..");

/** Runs scripts/set-up on a machine that has these commands and no others. */
function setUpWith(...commands: string[]): { status: number | null; stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), "porteiro-set-up-"));
  for (const command of commands) {
    // A set-up that went on to npm would exchange the packages under the running tests.
    if (command === "npm") symlinkSync("/bin/false", join(folder, command));
    else symlinkSync(execFileSync("sh", ["-c", `command -v ${command}`], { encoding: "utf8" }).trim(), join(folder, command));
  }
  const { status, stderr } = spawnSync(join(root, "scripts/set-up"), { encoding: "utf8", env: { PATH: folder } });
  rmSync(folder, { recursive: true });
  return { status, stderr };
}

describe("scripts/set-up", () => {
  it("needs node, npm and curl, and nothing else, for the demo", () => {
    expect(setUpWith("node", "npm", "curl", "dirname", "cmp")).to.deep.equal({ status: 0, stderr: "" });
  });

  it("names the one that is missing", () => {
    expect(setUpWith("node", "npm", "dirname", "cmp")).to.deep.equal({
      status: 1,
      stderr: "set-up: 'curl' is missing; install it first (Debian: apt-get install nodejs npm curl)\n",
    });
  });
});
