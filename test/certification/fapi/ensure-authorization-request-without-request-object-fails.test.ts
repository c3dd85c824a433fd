import { expect } from "chai";
import { expectErrorPage } from "./suite-checks.ts";
import { fapiModule } from "./suite-steps.ts";

fapiModule("ensure-authorization-request-without-request-object-fails", "shows an error page on plain parameters", async (run) => {
  const { client1, server } = run;
  const plain = new URLSearchParams({
    client_id: client1.clientId,
    response_type: "code id_token",
    scope: "openid accounts",
    redirect_uri: client1.redirectUri,
    state: "a-state",
    nonce: "a-nonce",
  });
  const url = `${server.url("authorization")}?${plain.toString()}`;
  const opened = await run.open(url);
  if ("callback" in opened) {
    // The suite takes either; an engineer finds the reason sooner at the callback.
    expect(new URLSearchParams(opened.callback.hash.slice(1)).get("error")).to.equal("invalid_request");
  } else {
    expectErrorPage(opened.page);
    expect(opened.at, "the page stands where the suite looks for it").to.equal(url);
  }
});
