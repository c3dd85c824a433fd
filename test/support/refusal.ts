import { expect } from "chai";
import type { HttpsAnswer } from "./https-call.ts";

/** RFC 6749 section 5.2: what `error_description` may be made of. */
const printableAscii = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;

/** Looks whether an answer is a refusal as every endpoint owes it: JSON, never stored, an error of printable ASCII. */
export function expectRefusal(answer: HttpsAnswer, status: number, error: string, code?: string): void {
  expect(`${answer.status} ${answer.text}`).to.match(new RegExp(`^${status} `));
  expect(answer.headers["content-type"]).to.match(/^application\/json/);
  expect(answer.headers["cache-control"]).to.equal("no-store");
  const body = answer.json();
  expect(body.error).to.equal(error);
  expect(body.error_description).to.match(printableAscii);
  if (code !== undefined) {
    expect(body.checks.map((check: { code: string }) => check.code)).to.include(code);
    expect(body.error_uri).to.match(new RegExp(`/refusals/${code.replaceAll(".", "\\.")}$`));
  }
}
