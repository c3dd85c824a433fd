import { consentRaces } from "./consent-races.ts";
import { oneProcess, twoProcesses, type RaceGround } from "./race-ground.ts";
import { registrationRaces } from "./registration-races.ts";
import { tokenRaces } from "./token-races.ts";

const grounds: readonly (readonly [string, () => Promise<RaceGround>])[] = [
  ["one process", oneProcess],
  ["two processes on one LMDB", () => twoProcesses("lmdb")],
  ["two processes on one Redis", () => twoProcesses("redis")],
];

for (const [name, start] of grounds) {
  describe(`races in ${name}`, function () {
    this.timeout(120_000);
    let ground: RaceGround;
    before(async () => {
      ground = await start();
    });
    after(() => ground.stop());

    registrationRaces(() => ground);
    tokenRaces(() => ground);
    consentRaces(() => ground);
  });
}
