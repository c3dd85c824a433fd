import { createHash } from "node:crypto";
import type { Middleware } from "koa";

/** What every answer carries, whatever it holds. */
export const constantSecurityHeaders = {
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
} as const;

/** Headers of every answer: nothing may be framed, sniffed, or loaded from elsewhere. */
export function securityHeaders(): Middleware {
  return async (ctx, next) => {
    ctx.set(constantSecurityHeaders);
    await next();
    if (ctx.type === "text/html" && ctx.response.get("content-security-policy") === "") {
      const style = typeof ctx.body === "string" ? styleHashes(ctx.body) : "";
      ctx.set("content-security-policy", `default-src 'none'; style-src ${style || "'none'"}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`);
      ctx.set("referrer-policy", "no-referrer");
    }
  };
}

function styleHashes(html: string): string {
  return [...html.matchAll(/<style>([^<]*)<\/style>/g)]
    .map(([, css]) => `'sha256-${createHash("sha256").update(css ?? "").digest("base64")}'`)
    .join(" ");
}
