import { createHmac } from "node:crypto";
import type { Context } from "koa";
import { equalInConstantTime, sha256, type Randomness } from "../kernel/identifiers.ts";
import type { Store } from "../store/store.ts";

/** A customer's session on our own pages, apart from the engine's. */
export interface CustomerSession {
  readonly customerId: string;
  /** The first factor is verified and the second one is still due: nothing is shown yet. */
  readonly secondFactorDue?: true;
}

export interface CustomerSessions {
  /** The session of this browser, if it has one that has not ended. */
  of(ctx: Context): Promise<CustomerSession | undefined>;
  /** Begins a new session, always under a new id, so that nobody can have planted it. */
  begin(ctx: Context, session: CustomerSession): Promise<void>;
  end(ctx: Context): Promise<void>;
  /** The token for this browser's forms; gives the browser what it is bound to if it has nothing yet. */
  formToken(ctx: Context): string;
  isOurForm(ctx: Context, token: string | undefined): boolean;
}

const cookieName = "__Host-porteiro";
/** What the forms of a browser without a session are bound to. */
const formCookieName = "__Host-porteiro-form";
const sessionSeconds = 900;
const cookie = { signed: false, httpOnly: true, secure: true, sameSite: "strict", path: "/", overwrite: true } as const;
/**
 * Comes along when a link of another site leads here, where the session stays behind: the log-in that such a link shows
 * disturbs neither the session nor another open log-in.
 */
const formCookie = { ...cookie, sameSite: "lax" } as const;

export function createCustomerSessions(needs: { store: Store; randomness: Randomness; formKey: Buffer }): CustomerSessions {
  const { store, randomness, formKey } = needs;
  const place = (id: string) => ({ tag: `customer-session:${sha256(id)}`, name: "session" });
  const idOf = (ctx: Context) => ctx.cookies.get(cookieName, { signed: false });
  const formIdOf = (ctx: Context) => (ctx.state["formId"] as string | undefined) ?? ctx.cookies.get(formCookieName, { signed: false });
  const newId = () => randomness(32).toString("base64url");
  const giveFormId = (ctx: Context): string => {
    const id = newId();
    ctx.state["formId"] = id;
    ctx.cookies.set(formCookieName, id, formCookie);
    return id;
  };
  const tokenFor = (id: string) => createHmac("sha256", formKey).update(`session ${id}`).digest("base64url");

  return {
    async of(ctx) {
      const id = idOf(ctx);
      const value = id === undefined ? undefined : await store.get(place(id));
      // Our own JSON, written by `begin`.
      return value === undefined ? undefined : (JSON.parse(value) as CustomerSession);
    },
    async begin(ctx, session) {
      const before = idOf(ctx);
      const id = newId();
      const { tag, name } = place(id);
      ctx.cookies.set(cookieName, id, cookie);
      ctx.cookies.set(formCookieName, null, formCookie);
      await Promise.all([
        store.put(tag, { name, value: JSON.stringify(session), ttlSeconds: sessionSeconds }),
        before === undefined ? undefined : store.remove(place(before)),
      ]);
    },
    async end(ctx) {
      const id = idOf(ctx);
      if (id !== undefined) {
        await store.remove(place(id));
      }
      ctx.cookies.set(cookieName, null, cookie);
    },
    formToken: (ctx) => tokenFor(idOf(ctx) ?? formIdOf(ctx) ?? giveFormId(ctx)),
    isOurForm: (ctx, token) => [idOf(ctx), formIdOf(ctx)].some((id) => id !== undefined && token !== undefined && equalInConstantTime(token, tokenFor(id))),
  };
}
