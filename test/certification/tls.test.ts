import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { handshakeFailure, protocolVersion, shakeHands } from "./tls-client.ts";
import { suiteWorld } from "./suite-world.ts";

const gcm = ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"];
const oldProtocols = [
  { name: "TLS 1.0", option: "-tls1" },
  { name: "TLS 1.1", option: "-tls1_1" },
];

// The hosts that the suite probes (3.4): that of the authorization endpoint, and that of everything with a certificate.
for (const listener of ["public", "mtls"] as const) {
  describe(`TLS of the ${listener} listener`, () => {
    let url: string;

    before(async () => {
      const { server } = await suiteWorld();
      url = String(server.settings[`${listener}Url`]);
    });

    for (const { name, option } of oldProtocols) {
      it(`refuses ${name} with an alert`, async () => {
        const { completed, alert } = await shakeHands(url, [option, "-cipher", "ALL:@SECLEVEL=0"]);
        expect(completed).to.equal(false);
        expect([handshakeFailure, protocolVersion]).to.include(alert);
      });
    }

    it("takes TLS 1.3 where both can", async () => {
      expect((await shakeHands(url, [])).protocol).to.equal("TLSv1.3");
    });

    for (const cipher of gcm) {
      it(`takes TLS 1.2 with ${cipher}, without client certificate`, async () => {
        expect(await shakeHands(url, ["-tls1_2", "-cipher", cipher])).to.include({ completed: true, protocol: "TLSv1.2", cipher });
      });
    }

    it("takes what the suite offers first: the four GCM suites and TLS 1.3", async () => {
      const offered = [...gcm, "DHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES256-GCM-SHA384"].join(":");
      const { completed, protocol } = await shakeHands(url, ["-cipher", offered]);
      expect({ completed, protocol }).to.deep.equal({ completed: true, protocol: "TLSv1.3" });
    });

    it("refuses every other cipher of TLS 1.2 with handshake_failure", async () => {
      const others = ["ALL", ...gcm.map((name) => `!${name}`), "@SECLEVEL=0"].join(":");
      const { completed, alert } = await shakeHands(url, ["-tls1_2", "-cipher", others]);
      expect({ completed, alert }).to.deep.equal({ completed: false, alert: handshakeFailure });
    });

    it("shows an RSA certificate", async () => {
      expect((await shakeHands(url, ["-tls1_2"])).output).to.match(/Peer signature type: RSA/);
    });

    it("gives no session ticket under TLS 1.2, and resumes no session of it", async () => {
      const { output } = await shakeHands(url, ["-tls1_2", "-reconnect"]);
      expect(output).not.to.match(/TLS session ticket:/);
      expect(output.match(/^(New|Reused), TLSv1\.2/gm)).to.have.lengthOf(6).and.satisfy((seen: string[]) => seen.every((line) => line.startsWith("New")));
    });

    it("resumes no session of TLS 1.3", async () => {
      const folder = await mkdtemp(join(tmpdir(), "porteiro-tls-"));
      const session = join(folder, "session.pem");
      try {
        // The answer to a request comes after whatever tickets the server sends.
        const ask = "GET / HTTP/1.0\r\n\r\n";
        const first = await shakeHands(url, ["-tls1_3", "-quiet", "-no_ign_eof", "-sess_out", session], ask);
        expect(first.output).to.match(/HTTP\/1\.1 404/);
        const again = await shakeHands(url, ["-tls1_3", "-sess_in", session]);
        expect(again.output).to.match(/^New, TLSv1\.3/m).and.not.match(/^Reused/m);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it("refuses to renegotiate", async () => {
      const { completed, output } = await shakeHands(url, ["-tls1_2"], "R\n");
      expect(completed).to.equal(true);
      expect(output).to.match(/RENEGOTIATING[\s\S]*no renegotiation/);
    });
  });
}

describe("the client certificate", () => {
  it("is asked for on the mtls listener, with an empty list of authorities, and the handshake does without", async () => {
    const { server } = await suiteWorld();
    for (const version of ["-tls1_2", "-tls1_3"]) {
      const { completed, output } = await shakeHands(String(server.settings["mtlsUrl"]), [version]);
      expect(completed).to.equal(true);
      expect(output).to.match(/Requested Signature Algorithms/).and.match(/No client certificate CA names sent/);
    }
  });

  it("is not asked for on the public listener", async () => {
    const { server } = await suiteWorld();
    const { completed, output } = await shakeHands(String(server.settings["publicUrl"]), ["-tls1_2"]);
    expect(completed).to.equal(true);
    expect(output).not.to.match(/Requested Signature Algorithms/);
  });
});
