import { Router } from "@koa/router";
import type { Context, Middleware } from "koa";
import { z } from "zod";
import {
  behaviourRequestSchema,
  createTppSchema,
  faultSchema,
  forgeSchema,
  revokeSchema,
  rotateKeysSchema,
  setStatusSchema,
  statementRequestSchema,
} from "./directory-requests.ts";
import { DirectoryProblem } from "./directory-problem.ts";
import type { RouteNeeds } from "./public-routes.ts";
import { readBody } from "./read-body.ts";

/** Where the sandbox's operator commands the directory; answered to callers of this machine only. */
export function operatorRoutes({ directory, faults }: RouteNeeds): Router {
  const router = new Router({ prefix: "/sandbox" });
  router.use(loopbackOnly);

  function post<Schema extends z.ZodType>(path: string, schema: Schema, act: (request: z.output<Schema>) => unknown): void {
    router.post(path, async (ctx) => {
      ctx.body = (await act(await requested(ctx, schema))) ?? { done: true };
    });
  }

  post("/tpps", createTppSchema, directory.createTpp);
  post("/statements", statementRequestSchema, async (request) => ({ statement: await directory.statement(request) }));
  post("/statuses", setStatusSchema, directory.setStatus);
  post("/revocations", revokeSchema, async (request) => ({ revoked: await directory.revoke(request) }));
  post("/key-rotations", rotateKeysSchema, directory.rotateKeys);
  post("/forgeries", forgeSchema, directory.forge);
  post("/statement-key-rotations", z.strictObject({}), async () => ({ kid: await directory.statementKeys.rotate() }));
  post("/statement-key-retirements", z.strictObject({}), async () => ({ retired: await directory.statementKeys.retireOld() }));
  post("/behaviour", behaviourRequestSchema, directory.changeBehaviour);
  post("/faults", faultSchema, (fault) => {
    faults.set(fault);
    return { faults: faults.list() };
  });
  router.delete("/faults", (ctx) => {
    faults.clear();
    ctx.body = { faults: [] };
  });
  return router;
}

/** Whoever commands the directory can have any certificate: nobody from elsewhere, and no page in a browser. */
const loopbackOnly: Middleware = async (ctx, next) => {
  if (!/^(::ffff:)?127[.]|^::1$/.test(ctx.req.socket.remoteAddress ?? "")) {
    throw new DirectoryProblem(403, "forbidden", "The sandbox directory takes commands from its own machine only");
  }
  if (ctx.get("Origin") !== "") {
    throw new DirectoryProblem(403, "forbidden", "The sandbox directory takes no commands from pages in a browser");
  }
  await next();
};

async function requested<Schema extends z.ZodType>(ctx: Context, schema: Schema): Promise<z.output<Schema>> {
  const text = await readBody(ctx, "application/json");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new DirectoryProblem(400, "invalid_request", "Expected a JSON object, received something that is not JSON");
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
  throw new DirectoryProblem(400, "invalid_request", problems.join("; "));
}
