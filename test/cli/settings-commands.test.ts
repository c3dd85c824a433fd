import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { settingsLeaves } from "../../src/settings/load-settings.ts";
import { settingsDocument } from "../../src/settings/settings-documentation.ts";
import { runPorteiro } from "./run-porteiro.ts";

const config = join(import.meta.dirname, "../../config");

describe("config/README.md", () => {
  const document = readFileSync(join(config, "README.md"), "utf8");

  it("is what `porteiro settings document` would write today", () => {
    expect(document === settingsDocument(), "stale: run scripts/porteiro settings document").to.equal(true);
  });

  it("has one row for every setting, with its variable and a meaning", () => {
    for (const { path, variable } of settingsLeaves()) {
      const row = document.split("\n").find((line) => line.startsWith(`| \`${path.join(".")}\` | \`${variable}\` |`));
      const cells = row?.split(/(?<!\\)\|/).map((cell) => cell.trim()) ?? [];
      expect(cells, variable).to.have.length(7);
      expect(cells.slice(3, 6).every((cell) => cell !== ""), variable).to.equal(true);
    }
  });

  it("names every file of the folder", () => {
    for (const file of readdirSync(config).filter((name) => name !== "README.md")) {
      expect(document, file).to.include(`\`${file}\``);
    }
  });
});

describe("porteiro settings check", () => {
  it("says that usable settings are usable", async () => {
    const { code, out } = await runPorteiro({}, "settings", "check");
    expect({ code, out }).to.deep.equal({ code: 0, out: "settings are usable (profile local)\n" });
  });

  it("names every problem and shows no value", async () => {
    const wrong = { PORTEIRO_WORKERS: "0", PORTEIRO_SECRETS_ENCRYPTION_KEY: "too-short-a-secret", PORTEIRO_NO_SUCH: "1" };
    const { code, out } = await runPorteiro(wrong, "settings", "check");
    expect(code).to.equal(1);
    expect(out).to.include("PORTEIRO_NO_SUCH").and.include("workers:").and.include("secrets.encryptionKey:");
    expect(out).not.to.include("too-short-a-secret");
  });

  it("lists what production needs of its operator", async () => {
    const { code, out } = await runPorteiro({ PORTEIRO_PROFILE: "production" }, "settings", "check");
    expect(code).to.equal(1);
    expect(out).to.include("tls: expected either certificateFile").and.include("secrets: expected exactly one");
  });
});

describe("what belongs to the sandbox", () => {
  const commands = [["directory", "serve"], ["bank"], ["sandbox"]];
  for (const words of commands) {
    it(`porteiro ${words.join(" ")} refuses to run in production`, async () => {
      const { code, err } = await runPorteiro({ PORTEIRO_PROFILE: "production" }, ...words);
      expect(code).to.equal(1);
      expect(err).to.match(/^porteiro: .*does not run with the profile production/);
    });
  }
});
