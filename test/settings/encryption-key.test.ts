import { expect } from "chai";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { systemRandomness } from "../../src/kernel/identifiers.ts";
import { readEncryptionKey } from "../../src/settings/encryption-key.ts";
import { SettingsError } from "../../src/settings/load-settings.ts";

const run = promisify(execFile);
const moduleFile = resolve(import.meta.dirname, "../../src/settings/encryption-key.ts");
const identifiersFile = resolve(import.meta.dirname, "../../src/kernel/identifiers.ts");
const wellFormed = /^[A-Za-z0-9_-]{43}$/;

describe("the encryption key", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "porteiro-key-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const read = (secrets: Partial<Parameters<typeof readEncryptionKey>[1]>) => readEncryptionKey(folder, { createMissingKeyFile: false, ...secrets }, systemRandomness);

  it("in the settings themselves is used as it is", () => {
    expect(read({ encryptionKey: "a".repeat(43) })).to.equal("a".repeat(43));
  });

  it("is made once, readable by its owner only, and nothing else is left", async () => {
    const secrets = { encryptionKeyFile: "secrets/encryption.key", createMissingKeyFile: true };
    const made = read(secrets);
    expect(made).to.match(wellFormed);
    expect(read(secrets)).to.equal(made);
    expect(read({ encryptionKeyFile: "secrets/encryption.key" })).to.equal(made);
    expect((await stat(join(folder, "secrets/encryption.key"))).mode & 0o777).to.equal(0o600);
    expect(await readdir(join(folder, "secrets"))).to.deep.equal(["encryption.key"]);
  });

  it("of two servers that start at once, one makes it and both use it", async () => {
    const script = `
      import { readEncryptionKey } from ${JSON.stringify(moduleFile)};
      import { systemRandomness } from ${JSON.stringify(identifiersFile)};
      process.stdout.write(readEncryptionKey(${JSON.stringify(folder)}, { encryptionKeyFile: "k/encryption.key", createMissingKeyFile: true }, systemRandomness));`;
    const keys = await Promise.all(Array.from({ length: 6 }, async () => (await run(process.execPath, ["--input-type=module", "--eval", script])).stdout));
    expect(keys[0]).to.match(wellFormed);
    expect(new Set(keys).size).to.equal(1);
    expect((await readFile(join(folder, "k/encryption.key"), "utf8")).trim()).to.equal(keys[0]);
    expect(await readdir(join(folder, "k"))).to.deep.equal(["encryption.key"]);
  });

  it("never made where the settings do not allow it", async () => {
    expect(() => read({ encryptionKeyFile: "missing.key" })).to.throw(SettingsError, "encryptionKeyFile: the file cannot be read");
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("that cannot be made stops the start with a sentence", async () => {
    await writeFile(join(folder, "file"), "");
    expect(() => read({ encryptionKeyFile: "file/encryption.key", createMissingKeyFile: true })).to.throw(SettingsError, /encryptionKeyFile: the file is missing and cannot be made \(E[A-Z]+\)/);
  });

  it("of a wrong form stops the start without being shown, and is never overwritten", async () => {
    for (const content of ["", "short-secret", "x".repeat(44), `${"x".repeat(42)}=`]) {
      await writeFile(join(folder, "bad.key"), content);
      for (const createMissingKeyFile of [false, true]) {
        expect(() => read({ encryptionKeyFile: "bad.key", createMissingKeyFile }))
          .to.throw(SettingsError, "expected a file with 32 bytes")
          .that.satisfies((error: Error) => content === "" || !error.message.includes(content));
      }
      expect(await readFile(join(folder, "bad.key"), "utf8")).to.equal(content);
    }
  });
});
