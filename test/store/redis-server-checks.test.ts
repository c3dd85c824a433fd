import { expect } from "chai";
import { olderThanNeeded } from "../../src/store/redis-server-checks.ts";

describe("The version of a Redis", () => {
  const said = (version: string) => olderThanNeeded("10.0.0.1:6379", `# Server\r\nredis_version:${version}\r\nredis_git_sha1:00000000\r\n`);

  it("is refused before 6.2, with what is expected", () => {
    for (const version of ["2.8.24", "5.0.14", "6.0.16"]) {
      expect(said(version)).to.deep.equal([`10.0.0.1:6379 is Redis ${version}. Expected 6.2 or later; install one, the data can stay.`]);
    }
  });

  it("is accepted from 6.2 on, and where the server does not say it", () => {
    for (const version of ["6.2.0", "6.10.1", "7.0.15", "8.2.1", "10.0.0", "255.255.255"]) expect(said(version), version).to.deep.equal([]);
    expect(olderThanNeeded("10.0.0.1:6379", "")).to.deep.equal([]);
  });
});
