import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const text = readFileSync(new URL("customer-pages.css", import.meta.url), "utf8");
const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);

/** The one stylesheet. Its name changes with its text, so that it may be kept for ever (`immutable`). */
export const stylesheet = { path: `/assets/customer-pages.${hash}.css`, text, type: "text/css; charset=utf-8", cacheControl: "public, max-age=31536000, immutable" } as const;
