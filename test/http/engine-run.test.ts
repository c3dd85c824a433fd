import { expect } from "chai";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import Koa, { type Context } from "koa";
import { createEngineRun } from "../../src/http/engine-run.ts";

/** A koa application that gives its context an accessor of its own, as the engine does. */
function engineThat(answers: (ctx: Context & { oidc: Record<string, unknown> }) => void) {
  const seen: { ctx?: Context & { oidc: Record<string, unknown> } } = {};
  const engine = new Koa({ proxy: false });
  engine.use((ctx) => {
    const oidc: Record<string, unknown> = { ctx, entities: { Client: {} } };
    Object.defineProperty(ctx, "oidc", { get: () => oidc });
    seen.ctx = ctx as never;
    answers(ctx as never);
  });
  return { engine, seen };
}

function exchange() {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { url: "/as/it/came?x=1", method: "POST" });
  return { request, response: new ServerResponse(request) };
}

const state = { clientCertificate: undefined };

describe("a run of the engine", () => {
  it("is given path, state and body, answers, and leaves the request's address as it came", async () => {
    const { engine } = engineThat((ctx) => {
      ctx.status = 201;
      ctx.set("x-own", "1");
      ctx.body = { path: ctx.path, body: (ctx.request as { body?: unknown }).body, state: Object.keys(ctx.state) };
    });
    const { request, response } = exchange();
    const answer = await createEngineRun(engine)(request, response, { path: "/token", state, body: { a: "b" } });
    expect(answer).to.deep.equal({ status: 201, headers: {}, body: { path: "/token", body: { a: "b" }, state: ["clientCertificate"] } });
    expect(response.getHeader("x-own")).to.equal("1");
    expect(request.url).to.equal("/as/it/came?x=1");
  });

  for (const [how, answers] of [
    ["answered", (ctx: Context) => void (ctx.body = {})],
    ["failed", () => { throw new Error("in the engine"); }],
  ] as const) {
    it(`that has ${how} leads to nothing of the request any more`, async () => {
      const { engine, seen } = engineThat(answers);
      const { request, response } = exchange();
      await createEngineRun(engine)(request, response, { path: "/token", state, body: {} }).catch(() => undefined);
      const left = seen.ctx;
      if (!left) throw new Error("the engine ran");
      expect([...Object.values(left), ...Object.values(left.oidc)].filter((value) => value !== undefined)).to.deep.equal([]);
      expect(request.url).to.equal("/as/it/came?x=1");
    });
  }
});
