import { expect } from "chai";
import { throughThePages } from "../../support/authorization.ts";
import { expectErrorPage, expectPushed, expectSuccess } from "./suite-checks.ts";
import { fapiModule } from "./suite-steps.ts";

fapiModule("par-ensure-reused-request-uri-prior-to-auth-completion-succeeds", "opens the same request_uri twice before log-in", async (run) => {
  const { asked, answer } = await run.push(run.client1);
  const url = run.authorizeUrl(run.client1, expectPushed(answer), asked);
  const opened = await run.open(url);
  expect("page" in opened && opened.page.text).to.match(/id="username"/);
  const callback = await throughThePages(run.server, url, "approve", run.browser);
  await expectSuccess(callback, asked, run.client1, run.issuer);
});

fapiModule("par-attempt-reuse-request_uri", "shows an error page when the request_uri has been answered", async (run) => {
  const { asked, requestUri } = await run.complete(run.client1);
  const url = run.authorizeUrl(run.client1, requestUri, asked);
  const opened = await run.open(url);
  if (!("page" in opened)) {
    throw new Error(`answered again: ${opened.callback.href}`);
  }
  expectErrorPage(opened.page);
  expect(opened.at).to.equal(url);
});

fapiModule("par-attempt-to-use-request_uri-for-different-client", "shows an error page, and sends neither client anything", async (run) => {
  const { asked, answer } = await run.push(run.client1);
  const url = run.authorizeUrl(run.client2, expectPushed(answer), asked);
  const opened = await run.open(url);
  if (!("page" in opened)) {
    throw new Error(`went to ${opened.callback.href}`);
  }
  expectErrorPage(opened.page);
  expect(opened.at).to.equal(url);
});

fapiModule("par-attempt-invalid-http-method", "answers PUT with 405", async (run) => {
  const { answer } = await run.push(run.client1, { method: "PUT" });
  expect(answer.status, answer.text).to.equal(405);
});
