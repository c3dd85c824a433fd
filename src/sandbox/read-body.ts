import type { Context } from "koa";
import { getRawBody } from "raw-body";
import { DirectoryProblem } from "./directory-problem.ts";

/** The request's body as text, when it is of the media type and of a sane size. */
export async function readBody(ctx: Context, mediaType: string): Promise<string> {
  if (!ctx.is(mediaType)) {
    throw new DirectoryProblem(400, "invalid_request", `Expected Content-Type ${mediaType}`);
  }
  try {
    return await getRawBody(ctx.req, { limit: "256kb", encoding: "utf-8" });
  } catch {
    throw new DirectoryProblem(400, "invalid_request", "Expected a whole body of at most 256 KB");
  }
}
