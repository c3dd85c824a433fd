import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { assert, property, string, stringMatching } from "fast-check";
import { sampleCustomers } from "../../src/bank/sample-customers.ts";
import { sampleLogins } from "../../src/bank/sample-logins.ts";
import type { NewCustomer } from "../../src/policy/customer/enrol-customers.ts";
import { readLoginName } from "../../src/policy/customer/login-name.ts";
import { codeAt } from "../../src/policy/customer/one-time-code.ts";
import { seedCustomers } from "../../src/policy/customer/seed-customers.ts";
import { ana, openLogin, seed, start } from "./open-login.ts";
import { runs } from "../support/property-runs.ts";
import { numbered } from "./numbered-customer.ts";

const server = { kind: "server" } as const;
const home = "203.0.113.7";

async function problemOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no problem",
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : "not an error"),
  );
}

describe("the stored customer directory", () => {
  let world: Awaited<ReturnType<typeof openLogin>>;
  beforeEach(async () => {
    world = await openLogin();
  });
  afterEach(() => world.close());

  it("enrols once: the same customer again changes nothing, not even the password", async () => {
    expect(await world.directory.enrol(ana, server)).to.equal(true);
    expect(await world.directory.enrol({ ...ana, password: "another password" }, server)).to.equal(false);
    expect((await world.login.authenticate(ana.cpf, ana.password, home)).outcome).to.equal("ok");
  });

  it("never gives a sub, a CPF or a user name to a second person, not even after the account was closed", async () => {
    await world.directory.enrol(ana, server);
    await world.directory.close(ana.customerId, server);
    const other: NewCustomer = { ...ana, customerId: "another-person", cpf: "11144477735", userName: "bia" };
    expect(await problemOf(world.directory.enrol({ ...other, customerId: ana.customerId }, server))).to.match(/^CustomerProblem: .*another person/);
    expect(await problemOf(world.directory.enrol({ ...other, cpf: ana.cpf }, server))).to.match(/^CustomerProblem: .*nobody has/);
    expect(await problemOf(world.directory.enrol({ ...other, userName: "ANA.amostra" }, server))).to.match(/^CustomerProblem: .*nobody has/);
    expect(await world.directory.enrol(other, server), "what failed left nothing behind").to.equal(true);
  });

  it("gives a CPF to exactly one of many that are enrolled with it at once", async () => {
    const rivals = Array.from({ length: 5 }, (_, at) => ({ ...ana, customerId: `rival-number-${at}`, userName: `rival${at}` }));
    const results = await Promise.all(rivals.map((rival) => problemOf(world.directory.enrol(rival, server))));
    expect(results.filter((result) => result === "no problem")).to.have.length(1);
    const owner = await world.directory.findByLogin(readLoginName(ana.cpf));
    expect(owner?.customerId).to.equal(rivals[results.indexOf("no problem")]?.customerId);
  });

  it("changes a password at once, and says no for a customer who is not there", async () => {
    await world.directory.enrol(ana, server);
    await world.directory.changePassword(ana.customerId, "uma senha bem nova", server);
    expect((await world.login.authenticate(ana.cpf, ana.password, home)).outcome).to.equal("refused");
    expect((await world.login.authenticate(ana.cpf, "uma senha bem nova", home)).outcome).to.equal("ok");
    expect(await problemOf(world.directory.changePassword("nobody-at-all", "uma senha bem nova", server))).to.match(/^CustomerProblem/);
  });

  it("says what is wrong with a new customer, and repeats neither CPF nor password", async () => {
    const wrong = { ...ana, cpf: "123", userName: "11144477735", password: "curta" };
    const problem = await problemOf(world.directory.enrol(wrong, server));
    expect(problem).to.contain("cpf: 11 digits").and.contain("userName");
    expect(problem).to.not.contain("11144477735");
    expect(await problemOf(world.directory.enrol({ ...ana, password: "curta" }, server))).to.match(/at least 12/).and.not.match(/curta/);
  });

  it("audits enrolment, change of password and closing in the customer's own tag", async () => {
    await world.directory.enrol(ana, server);
    await world.directory.changePassword(ana.customerId, "uma senha bem nova", server);
    await world.directory.close(ana.customerId, server);
    const entries = await world.store.scan(`customer:${ana.customerId}`, "audit/", { limit: 10 });
    const actions = entries.map(({ value }) => (JSON.parse(value) as { action: string }).action).sort();
    expect(actions).to.deep.equal(["customer.closed", "customer.enrolled", "customer.password-changed"]);
  });

  it("keeps no name, CPF, company, seed or password in clear", async () => {
    await world.directory.enrol(ana, server);
    const record = (await world.store.get({ tag: `customer:${ana.customerId}`, name: "customer" })) ?? "";
    expect(record).to.contain("$argon2id$v=19$m=19456,t=2,p=1$");
    for (const secret of [ana.name, ana.cpf, ana.userName, seed, ana.password, "Padaria"]) {
      expect(record.toLowerCase()).to.not.contain(secret.toLowerCase());
    }
  });

  it("reads a CPF however it is punctuated as its digits, and anything else that was typed as a user name", () => {
    const written = /^(\d{3})(\d{3})(\d{3})(\d{2})$/;
    assert(
      property(stringMatching(/^\d{11}$/), (digits) => {
        for (const typed of [digits, digits.replace(written, "$1.$2.$3-$4"), digits.replace(written, " $1 $2 $3 $4 ")]) {
          expect(readLoginName(typed)).to.deep.equal({ kind: "cpf", text: digits });
        }
      }),
      runs(100),
    );
    assert(
      property(string({ unit: "grapheme", maxLength: 300 }), (typed) => {
        const read = readLoginName(typed);
        expect(read.kind).to.equal(/^\d{11}$/.test(read.text) ? "cpf" : "user-name");
      }),
      runs(100),
    );
  });

  it("seeds the sample bank's people, who all log in with the ids of the bank's own data; once more adds nobody", async () => {
    expect(await seedCustomers(world.directory, sampleLogins)).to.equal(sampleLogins.length);
    expect(await seedCustomers(world.directory, sampleLogins)).to.equal(0);
    const results = await Promise.all(sampleLogins.map(({ cpf, password }) => world.login.authenticate(cpf, password, home)));
    const customers = results.map((result) => (result.outcome === "ok" ? result.customer : undefined));
    for (const customer of customers) {
      const atBank = sampleCustomers.find(({ customerId }) => customerId === customer?.customerId);
      expect(atBank).to.deep.include({ kind: "person", cpf: customer?.cpf });
    }
    const cnpjs = sampleCustomers.flatMap((customer) => (customer.kind === "company" ? [customer.cnpj] : []));
    const represented = customers.flatMap((customer) => customer?.companies.map(({ cnpj }) => cnpj) ?? []);
    expect(represented).to.not.be.empty;
    expect(cnpjs).to.include.members(represented);
  });

  it("seeded by several processes that start at once, has everybody once", async () => {
    const added = await Promise.all([1, 2, 3].map(() => seedCustomers(world.directory, sampleLogins)));
    expect(added.reduce((sum, count) => sum + count)).to.equal(sampleLogins.length);
    const results = await Promise.all(sampleLogins.map(({ cpf, password }) => world.login.authenticate(cpf, password, home)));
    expect(results.map(({ outcome }) => outcome)).to.deep.equal(sampleLogins.map(() => "ok"));
  });
});

describe("the stored customer directory after a crash", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "porteiro-customer-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("remembers failures and used codes", async () => {
    const before = await openLogin({ folder, limits: { windowSeconds: 900, perLogin: 1, perAddress: 20 } });
    await before.directory.enrol(ana, server);
    await before.login.verifySecondFactor(ana.customerId, codeAt(seed, start), home);
    await before.login.authenticate(ana.cpf, "wrong", home);
    await before.store.close();
    const after = await openLogin({ folder, limits: { windowSeconds: 900, perLogin: 1, perAddress: 20 }, now: start + 10_000 });
    expect(await after.login.authenticate(ana.cpf, ana.password, home)).to.deep.equal({ outcome: "locked", waitSeconds: 890 });
    expect((await after.login.verifySecondFactor(ana.customerId, codeAt(seed, start), home)).outcome).to.equal("refused");
    await after.close();
  });

  it("has every customer whose enrolment was acknowledged before kill -9, and carries on whom it interrupted", async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "enrol-until-killed.ts"), folder], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "exit");
    let acknowledged = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Number(line);
      if (acknowledged === 4) child.kill("SIGKILL");
    }
    await ended;
    expect(acknowledged).to.be.at.least(4);
    const world = await openLogin({ folder });
    for (let number = 1; number <= acknowledged; number += 1) {
      const { cpf, password } = numbered(number);
      expect((await world.login.authenticate(cpf, password, home)).outcome, `customer ${number}`).to.equal("ok");
    }
    const interrupted = numbered(acknowledged + 1);
    await world.directory.enrol(interrupted, server);
    expect((await world.login.authenticate(interrupted.userName, interrupted.password, home)).outcome).to.equal("ok");
    await world.close();
  });
});
