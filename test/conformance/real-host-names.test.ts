import { resolve } from "node:path";
import { expect } from "chai";
import { hostsHint, realHostNames } from "../../src/cli/real-host-names.ts";
import { loadSettings } from "../../src/settings/load-settings.ts";

const root = resolve(import.meta.dirname, "../..");
const domain = "sandbox.directory.openbankingbrasil.org.br";
const four = ["auth", "matls-auth", "matls-api", "keystore"].map((name) => `${name}.${domain}`);

describe("porteiro sandbox --real-host-names", () => {
  it("points the server at the names that the suite compares literally, on port 443", () => {
    const { serverEnvironment, directoryOptions, names } = realHostNames(443, "certs/local/directory");
    const { directory, certificates } = loadSettings({ root, environment: serverEnvironment });
    expect(directory.keystoreUrl).to.equal(`https://keystore.${domain}`);
    expect(directory.participantsUrl).to.equal(`https://auth.${domain}/participants`);
    expect(certificates.crlAllowedHosts).to.deep.equal([`keystore.${domain}`]);
    expect(certificates.intermediates).to.deep.equal(["certs/local/directory/ac-ssl.crt"]);
    expect(directoryOptions).to.include("--real-host-names");
    expect(names).to.have.members(four);
  });

  it("shows another port in every URL where 443 cannot be had", () => {
    const { directory, certificates } = loadSettings({ root, environment: realHostNames(20_443, "certs/local/directory").serverEnvironment });
    expect(directory.keystoreUrl).to.equal(`https://keystore.${domain}:20443`);
    expect(certificates.crlAllowedHosts).to.deep.equal([`keystore.${domain}:20443`]);
  });

  it("says which names to put into /etc/hosts, and nothing when all lead to this machine", async () => {
    const here = async () => "127.0.0.1";
    expect(await hostsHint(four, here)).to.equal(undefined);
    expect(await hostsHint(four, async () => "::1")).to.equal(undefined);
    const hint = await hostsHint(four, async (name) => {
      if (name.startsWith("keystore")) throw new Error("ENOTFOUND");
      return name.startsWith("matls-api") ? "203.0.113.9" : here();
    });
    expect(hint).to.include("/etc/hosts");
    expect(hint?.match(/^127\.0\.0\.1 .*$/gm)).to.deep.equal([`127.0.0.1 matls-api.${domain}`, `127.0.0.1 keystore.${domain}`]);
  });
});
