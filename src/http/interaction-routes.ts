import type Router from "@koa/router";
import type { Context, Middleware } from "koa";
import { equalInConstantTime } from "../kernel/identifiers.ts";
import { errors } from "../oidc/engine.ts";
import { endpointPaths } from "../oidc/endpoints.ts";
import { endFinishedSession, endSessions, forgetSession } from "./browser-sessions.ts";
import { decide, mayDecide, showConsent } from "./interaction-consent.ts";
import { logIn, pendingCustomer, secondFactor, showLogIn, showSecondFactor } from "./interaction-log-in.ts";
import { addressOf, finish, formTo, formToken, type Form, type Interaction, type InteractionNeeds } from "./interaction.ts";
import { logOutPage } from "./pages/log-out-page.ts";
import { readPageForm } from "./read-body.ts";
import { toPageOfForm } from "./see-other.ts";
import { pageSetting, sendErrorPage, sendPage } from "./send-page.ts";

const formLimits = { maxBytes: 64 * 1024 };

/** The customer's way through an authorization: log-in, second factor, consent, and back to the engine. */
export function addInteractionRoutes(router: Router, needs: InteractionNeeds): void {
  const { realm } = needs;
  const base = `${realm.path}/interaction/:uid`;
  const step = (handle: (ctx: Context, interaction: Interaction) => Promise<void>): Middleware => async (ctx) => {
    const interaction = await interactionOf(ctx, needs);
    if (!interaction) {
      sendErrorPage(ctx, "session-lost");
      return;
    }
    ctx.set("cache-control", "no-store");
    await handle(ctx, interaction);
  };
  router.get(base, step((ctx, interaction) => show(ctx, interaction, needs)));
  const forms = { login: logIn, "second-factor": secondFactor, consent: decideWhenDue, cancel };
  for (const [name, handle] of Object.entries(forms)) {
    router.get(`${base}/${name}`, toPageOfForm);
    router.post(`${base}/${name}`, step(posted(needs, handle)));
  }
  router.get(`${base}/log-out`, step(async (ctx, interaction) => showLogOut(ctx, interaction, needs)));
  router.post(`${base}/log-out`, step(posted(needs, logOut)));
  const engine: Middleware = (ctx) => needs.engine(ctx, () => Promise.resolve());
  router.get(`${realm.path}${endpointPaths.authorization}`, onlyPushed, engine);
  router.get(`${realm.path}${endpointPaths.authorization}/:uid`, async (ctx) => {
    await engine(ctx, () => Promise.resolve());
    await endFinishedSession(ctx, `${realm.path}/interaction/`);
  });
}

/**
 * What counts lies in the pushed request object (FAPI1 Advanced 5.2.2-10). What is repeated beside it is not even read, so
 * that an address that nobody signed sends no browser anywhere, not even with an error.
 */
const onlyPushed: Middleware = async (ctx, next) => {
  const { client_id, request_uri, lang } = ctx.query;
  ctx.query = { client_id, request_uri, lang };
  await next();
};

/** The interaction of this address, when the browser's cookie belongs to it and the session that it began with lives. */
async function interactionOf(ctx: Context, { provider }: InteractionNeeds): Promise<Interaction | undefined> {
  try {
    const interaction = await provider.interactionDetails(ctx.req, ctx.res);
    return interaction.uid === (ctx["params"] as { uid: string }).uid ? interaction : undefined;
  } catch (error) {
    if (error instanceof errors.SessionNotFound) {
      return undefined;
    }
    throw error;
  }
}

/** Reads a posted form and makes sure that it came from our own page. */
function posted(needs: InteractionNeeds, handle: (ctx: Context, interaction: Interaction, form: Form, needs: InteractionNeeds) => Promise<void>) {
  return async (ctx: Context, interaction: Interaction): Promise<void> => {
    const form = await readPageForm(ctx.req, formLimits);
    if (!form || !equalInConstantTime(form.get("csrf")?.[0] ?? "", formToken(interaction.uid, needs))) {
      sendErrorPage(ctx, "form-outdated");
      return;
    }
    await handle(ctx, interaction, form, needs);
  };
}

async function show(ctx: Context, interaction: Interaction, needs: InteractionNeeds): Promise<void> {
  if (pendingCustomer(interaction) !== undefined) {
    showSecondFactor(ctx, interaction, needs);
  } else if (await mayDecide(interaction, needs)) {
    await showConsent(ctx, interaction, needs);
  } else {
    await showLogIn(ctx, interaction, needs);
  }
}

/** Whoever skips the log-in that the request wants finds it again. */
async function decideWhenDue(ctx: Context, interaction: Interaction, form: Form, needs: InteractionNeeds): Promise<void> {
  await ((await mayDecide(interaction, needs)) ? decide(ctx, interaction, form, needs) : show(ctx, interaction, needs));
}

/** The customer turns back before deciding: the consent stays as it is, and the TPP hears that nothing was granted. */
async function cancel(ctx: Context, _interaction: Interaction, _form: Form, needs: InteractionNeeds): Promise<void> {
  await finish(ctx, needs, { error: "access_denied", error_description: "the customer turned back" });
}

function showLogOut(ctx: Context, interaction: Interaction, needs: InteractionNeeds): void {
  const page = addressOf(interaction, needs);
  const form = formTo("log-out", interaction, needs);
  const setting = pageSetting(ctx, form.action, interaction.params["ui_locales"]);
  sendPage(ctx, logOutPage({ ...setting, form, stayHref: page, undecided: true }), setting, "lead-to-the-tpp");
}

/** The customer leaves this browser to somebody else before deciding: the consent stays as it is. */
async function logOut(ctx: Context, interaction: Interaction, _form: Form, needs: InteractionNeeds): Promise<void> {
  await endSessions(ctx, needs);
  await forgetSession(interaction, needs);
  await finish(ctx, needs, { error: "access_denied", error_description: "the customer logged out" });
}
