import { expect } from "chai";
import { runPorteiro } from "../cli/run-porteiro.ts";
import { environmentOf } from "../support/server-process.ts";
import { journeyWorld, type JourneyWorld } from "./journey-world.ts";

describe("porteiro journey", function () {
  this.timeout(120_000);
  let world: JourneyWorld;
  before(async () => {
    world = await journeyWorld();
  });

  const journey = (...words: string[]) =>
    runPorteiro(environmentOf(world.server.settings), "journey", "--directory-url", world.directory.urls.auth, "--bank-url", world.bank.url, "--ca", world.directory.localAuthority.caFile, ...words);

  it("walks every step, shows no whole token, and ends with every door closed", async () => {
    const { code, out, err } = await journey("--revoke", "--lang", "en");
    expect(code, `${err}\n${out}`).to.equal(0);
    expect(out).to.match(/^\n1\. Read the server's discovery document/);
    for (const step of ["Register it (DCR)", "Create a consent", "Push the signed request object (PAR)", "log in as jacaranda.exemplo", "check every claim", "Exchange the code", "Read the accounts", "Refresh", "End the consent", "Every door is closed"]) {
      expect(out).to.include(step);
    }
    expect(out).to.include("1 of 2 accounts shared").and.to.include("HTTP 400 invalid_grant to the refresh token");
    expect(out.match(/\(\d+ ms\)/g)).to.have.length.greaterThan(15);
    expect(out).to.match(/\nEvery step went as it must\.\n$/);
    expect(out, "a JWT, or an opaque token of 59 characters").not.to.match(/eyJ[\w-]{20}|[0-9a-f]{16}[\w-]{43}/);
  });

  it("walks with a customer who has nothing but a name", async () => {
    const { code, out, err } = await journey("--login", "buriti.ficticio");
    expect(code, `${err}\n${out}`).to.equal(0);
    expect(out).to.include("0 of 0 accounts shared").and.to.include("no accounts: the customer has none");
  });

  it("stops at the step that went wrong, and says what to do", async () => {
    const { code, out, err } = await journey("--chromium", "/nowhere/chromium");
    expect(code).to.equal(1);
    expect(out).not.to.include("Every step went as it must");
    expect(err).to.match(/journey failed at step 7: expected Chromium at \/nowhere\/chromium, found none: install Debian's package `chromium`/);
  });
});
