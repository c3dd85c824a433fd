/** One HTTP/1.1 answer. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export interface ResponseReader {
  /** Takes what the socket gave; returns the answer once it is complete. Throws on what is no HTTP/1.1 answer. */
  push(chunk: Buffer): Answer | undefined;
}

const headEnd = Buffer.from("\r\n\r\n");
const lineEnd = Buffer.from("\r\n");
const nothing: Buffer = Buffer.alloc(0);

/**
 * Reads the answers of one keep-alive connection, one at a time: the next request is only sent when the last answer
 * is complete. Knows Content-Length, chunked bodies and bodiless statuses, and nothing else, so that the load
 * generator costs little next to the server that it measures.
 */
export function createResponseReader(): ResponseReader {
  let pending: Buffer = nothing;
  return {
    push(chunk) {
      const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const answer = completeAnswer(bytes);
      pending = answer ? nothing : bytes;
      return answer;
    },
  };
}

function completeAnswer(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf(headEnd);
  if (end === -1) return undefined;
  const head = bytes.toString("latin1", 0, end);
  const status = Number(head.slice(9, 12));
  if (!head.startsWith("HTTP/1.1 ") || !(status >= 200)) {
    throw new Error(`Expected a final HTTP/1.1 answer, received "${head.slice(0, 40)}"`);
  }
  const body = bytes.subarray(end + headEnd.length);
  if (status === 204 || status === 304) return whole(status, body, 0);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return body.length < Number(length) ? undefined : whole(status, body, Number(length));
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return dechunked(status, body);
  throw new Error("Expected an answer with Content-Length or a chunked body, received neither");
}

function whole(status: number, body: Buffer, length: number): Answer {
  if (body.length > length) throw new Error(`Expected ${length} bytes of body, received ${body.length}`);
  return { status, body };
}

function dechunked(status: number, body: Buffer): Answer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const sizeEnd = body.indexOf(lineEnd, at);
    if (sizeEnd === -1) return undefined;
    const size = Number.parseInt(body.toString("latin1", at, sizeEnd), 16);
    if (Number.isNaN(size)) throw new Error("Expected a chunk size, received something else");
    const start = sizeEnd + lineEnd.length;
    if (body.length < start + size + lineEnd.length) return undefined;
    if (size === 0) return { status, body: Buffer.concat(parts) };
    parts.push(body.subarray(start, start + size));
    at = start + size + lineEnd.length;
  }
}
