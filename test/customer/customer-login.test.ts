import { expect } from "chai";
import { codeAt } from "../../src/policy/customer/one-time-code.ts";
import type { LoginOutcome } from "../../src/policy/customer/customer-login.ts";
import { ana, openLogin, seed, start } from "./open-login.ts";

const home = "203.0.113.7";
const limits = { windowSeconds: 900, perLogin: 3, perAddress: 8 };

describe("the customer's log-in", () => {
  let world: Awaited<ReturnType<typeof openLogin>>;
  beforeEach(async () => {
    world = await openLogin({ limits });
    await world.directory.enrol(ana, { kind: "server" });
  });
  afterEach(() => world.close());

  const outcomes = (all: readonly LoginOutcome[]) => all.map(({ outcome }) => outcome).sort();

  it("opens with the CPF, with or without punctuation, and with the user name in any case: LoA2, always the same sub", async () => {
    for (const typed of ["52998224725", "529.982.247-25", " ana.amostra ", "ANA.AMOSTRA"]) {
      const result = await world.login.authenticate(typed, ana.password, home);
      expect(result).to.deep.equal({
        outcome: "ok",
        acr: "urn:brasil:openbanking:loa2",
        customer: { customerId: ana.customerId, name: ana.name, cpf: ana.cpf, companies: ana.companies, hasSecondFactor: true },
      });
    }
  });

  it("takes a password in whichever Unicode form the keyboard makes it", async () => {
    const result = await world.login.authenticate(ana.cpf, ana.password.normalize("NFD"), home);
    expect(result.outcome).to.equal("ok");
  });

  it("answers an unknown CPF, an unknown user name, a wrong password and a closed account alike, with the same work", async () => {
    const closed = { ...ana, customerId: "closed-customer", cpf: "11144477735", userName: "foi.embora" };
    await world.directory.enrol(closed, { kind: "server" });
    await world.directory.close(closed.customerId, { kind: "server" });
    const work = async (typed: string, password: string) => {
      world.calls.length = 0;
      world.hashes.verified = 0;
      const result = await world.login.authenticate(typed, password, home);
      return { result, calls: [...world.calls], ...world.hashes };
    };
    const wrong = await work(ana.cpf, "not the password");
    expect(wrong.result).to.deep.equal({ outcome: "refused" });
    expect(wrong.verified).to.equal(1);
    expect(await work("00000000191", ana.password)).to.deep.equal(wrong);
    expect(await work("ninguem", ana.password)).to.deep.equal(wrong);
    expect(await work(closed.cpf, closed.password)).to.deep.equal(wrong);
    expect(await work(ana.userName, "")).to.deep.equal(wrong);
    expect(await work("mallory", "x".repeat(100_000))).to.deep.equal(wrong);
  });

  for (const [whom, typed] of [["a customer", ana.cpf], ["a login that nobody has", "00000000191"]] as const) {
    it(`locks ${whom} after the permitted failures, says for how long, hashes nothing, and opens again`, async () => {
      for (let attempt = 0; attempt < limits.perLogin; attempt += 1) {
        expect(await world.login.authenticate(typed, "wrong", home)).to.deep.equal({ outcome: "refused" });
        world.time.now += 60_000;
      }
      const verified = world.hashes.verified;
      expect(await world.login.authenticate(typed, ana.password, home)).to.deep.equal({ outcome: "locked", waitSeconds: 720 });
      expect(world.hashes.verified).to.equal(verified);
      world.time.now += 720_000;
      const outcome = typed === ana.cpf ? "ok" : "refused";
      expect((await world.login.authenticate(typed, ana.password, home)).outcome).to.equal(outcome);
    });
  }

  it("lets no more attempts through when many come at once", async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => world.login.authenticate(ana.cpf, "wrong", home)));
    expect(outcomes(all)).to.deep.equal([...Array<string>(5).fill("locked"), ...Array<string>(3).fill("refused")]);
    expect(world.hashes.verified).to.equal(limits.perLogin);
  });

  it("forgets failures after the right password", async () => {
    for (let round = 0; round < 3; round += 1) {
      await world.login.authenticate(ana.cpf, "wrong", home);
      await world.login.authenticate(ana.cpf, "wrong", home);
      expect((await world.login.authenticate(ana.cpf, ana.password, `198.51.100.${round}`)).outcome).to.equal("ok");
    }
  });

  it("does not tell that CPF and user name are the same person's: locking one leaves the other open", async () => {
    for (let attempt = 0; attempt < limits.perLogin; attempt += 1) await world.login.authenticate(ana.cpf, "wrong", home);
    expect((await world.login.authenticate(ana.userName, ana.password, home)).outcome).to.equal("ok");
  });

  it("limits an address over all logins, a whole IPv6 /64 as one, and lets customers elsewhere in", async () => {
    for (let attempt = 0; attempt < limits.perAddress; attempt += 1) {
      await world.login.authenticate(`nobody${attempt}`, "wrong", `2001:db8:0:1::${attempt + 1}`);
    }
    expect((await world.login.authenticate(ana.cpf, ana.password, "2001:db8:0:1:ffff::1")).outcome).to.equal("locked");
    expect((await world.login.authenticate(ana.cpf, ana.password, "2001:db8:0:2::1")).outcome).to.equal("ok");
  });

  it("does not count an address's successes", async () => {
    for (let attempt = 0; attempt <= limits.perAddress; attempt += 1) {
      expect((await world.login.authenticate(ana.cpf, ana.password, home)).outcome).to.equal("ok");
    }
  });

  it("limits the login alone where nobody knows the address", async () => {
    for (let attempt = 0; attempt <= limits.perAddress; attempt += 1) await world.login.authenticate(`nobody${attempt}`, "wrong", undefined);
    expect((await world.login.authenticate(ana.cpf, ana.password, undefined)).outcome).to.equal("ok");
    for (let attempt = 0; attempt < limits.perLogin; attempt += 1) await world.login.authenticate(ana.cpf, "wrong", undefined);
    expect((await world.login.authenticate(ana.cpf, ana.password, undefined)).outcome).to.equal("locked");
  });

  it("counts no attempt that the directory could not answer", async () => {
    const { verifyPassword } = world.directory;
    world.directory.verifyPassword = () => Promise.reject(new Error("the directory is out of reach"));
    for (let attempt = 0; attempt <= limits.perAddress; attempt += 1) {
      const failed = await world.login.authenticate(ana.cpf, ana.password, home).catch((error: Error) => error.message);
      expect(failed).to.equal("the directory is out of reach");
    }
    world.directory.verifyPassword = verifyPassword;
    expect((await world.login.authenticate(ana.cpf, ana.password, home)).outcome).to.equal("ok");
  });

  it("writes one audit entry for a lock, which names nobody", async () => {
    await Promise.all(Array.from({ length: 6 }, () => world.login.authenticate(ana.cpf, "wrong", home)));
    const notices = await world.store.scan("audit", "notice/attempts:", { limit: 10 });
    expect(notices).to.have.length(1);
    const tag = notices[0]!.name.slice("notice/".length);
    const entries = await world.store.scan(tag, "audit/", { limit: 10 });
    expect(entries).to.have.length(1);
    const entry: unknown = JSON.parse(entries[0]!.value);
    expect(entry).to.deep.include({ action: "login.locked", details: { factor: "password", windowSeconds: 900 } });
    expect(tag + entries[0]!.value).to.not.match(/52998224725|ana|203\.0\.113/i);
  });
});

describe("the second factor", () => {
  let world: Awaited<ReturnType<typeof openLogin>>;
  beforeEach(async () => {
    world = await openLogin({ limits: { ...limits, perLogin: 30, perAddress: 40 } });
    await world.directory.enrol(ana, { kind: "server" });
  });
  afterEach(() => world.close());

  const verify = (code: string) => world.login.verifySecondFactor(ana.customerId, code, home);

  it("takes the code of this moment and gives LoA3", async () => {
    const result = await verify(codeAt(seed, start));
    expect(result).to.deep.include({ outcome: "ok", acr: "urn:brasil:openbanking:loa3" });
  });

  it("takes the code before and the code after, with a blank in the middle, and none further away", async () => {
    const written = (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`;
    expect((await verify(written(codeAt(seed, start - 30_000)))).outcome).to.equal("ok");
    expect((await verify(written(codeAt(seed, start + 30_000)))).outcome).to.equal("ok");
    expect((await verify(codeAt(seed, start - 60_000))).outcome).to.equal("refused");
    expect((await verify(codeAt(seed, start + 60_000))).outcome).to.equal("refused");
  });

  it("takes each code once: of twenty at once exactly one passes, and none afterwards", async () => {
    const code = codeAt(seed, start);
    const all = await Promise.all(Array.from({ length: 20 }, () => verify(code)));
    expect(all.filter(({ outcome }) => outcome === "ok")).to.have.length(1);
    expect(all.filter(({ outcome }) => outcome === "refused")).to.have.length(19);
    for (const later of [0, 29_000, 59_000, 89_000]) {
      world.time.now = start + later;
      expect((await verify(code)).outcome, `${later} ms later`).to.equal("refused");
    }
  });

  it("locks after too many wrong codes, and with it refuses the right one", async () => {
    for (let attempt = 0; attempt < 30; attempt += 1) await verify("000000");
    expect(await verify(codeAt(seed, start))).to.deep.equal({ outcome: "locked", waitSeconds: 900 });
  });

  it("answers a customer without a second factor and an unknown one like a wrong code", async () => {
    const plain = { ...ana, customerId: "without-code", cpf: "11144477735", userName: "sem.codigo" };
    delete (plain as { oneTimeCodeSeed?: string }).oneTimeCodeSeed;
    await world.directory.enrol(plain, { kind: "server" });
    const code = codeAt(seed, start);
    for (const id of [plain.customerId, "nobody-at-all", ""]) {
      expect(await world.login.verifySecondFactor(id, code, home)).to.deep.equal({ outcome: "refused" });
    }
  });
});
