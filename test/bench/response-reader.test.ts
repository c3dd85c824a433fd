import { expect } from "chai";
import * as fc from "fast-check";
import { createResponseReader, type Answer } from "../../scripts/bench/response-reader.ts";

const numRuns = Number(process.env["PROPERTY_TEST_RUNS"] ?? 100);

function read(bytes: Buffer, cuts: readonly number[] = []): Answer[] {
  const reader = createResponseReader();
  const ends = [...new Set(cuts.map((cut) => cut % bytes.length)), bytes.length].toSorted((a, b) => a - b);
  return ends.flatMap((end, index) => reader.push(bytes.subarray(ends[index - 1] ?? 0, end)) ?? []);
}

function withLength(body: string): Buffer {
  return Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function chunked(parts: readonly string[]): Buffer {
  const chunks = parts.map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`);
  return Buffer.from(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks.join("")}0\r\n\r\n`);
}

describe("bench: reading answers", () => {
  it("reads a status without a body", () => {
    expect(read(Buffer.from("HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n"))).to.deep.equal([
      { status: 204, body: Buffer.alloc(0) },
    ]);
  });

  it("reads any body of known length, however the socket cuts it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.array(fc.nat()), (body, cuts) => {
        const [answer, ...more] = read(withLength(body), cuts);
        expect(more).to.deep.equal([]);
        expect(answer?.status).to.equal(200);
        expect(answer?.body.toString()).to.equal(body);
      }),
      { numRuns },
    );
  });

  it("reads any chunked body, however the socket cuts it", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), fc.array(fc.nat()), (parts, cuts) => {
        const [answer, ...more] = read(chunked(parts), cuts);
        expect(more).to.deep.equal([]);
        expect(answer?.body.toString()).to.equal(parts.join(""));
      }),
      { numRuns },
    );
  });

  it("reads one answer after the other on the same connection", () => {
    const reader = createResponseReader();
    expect(reader.push(withLength("first"))?.body.toString()).to.equal("first");
    expect(reader.push(chunked(["sec", "ond"]))?.body.toString()).to.equal("second");
  });

  it("refuses what it would misread", () => {
    expect(() => read(Buffer.from("SSH-2.0-OpenSSH\r\n\r\n"))).to.throw(/HTTP\/1.1/);
    expect(() => read(Buffer.from("HTTP/1.1 200 OK\r\n\r\nuntil the end"))).to.throw(/neither/);
    expect(() => read(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"))).to.throw(/1 bytes of body/);
  });
});
