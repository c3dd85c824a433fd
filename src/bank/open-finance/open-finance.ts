import type { Router } from "@koa/router";
import type { Context, Next } from "koa";
import type { Clock } from "../../kernel/clock.ts";
import type { SampleData } from "../sample-data.ts";
import type { GuardedState } from "../token-guard.ts";
import type { Introspect } from "../token-introspection.ts";
import { accountsApi } from "./accounts-api.ts";
import { limitCalls } from "./call-limit.ts";
import { customersApi } from "./customers-api.ts";
import { dataFamily, elsewhereFamily } from "./data-family.ts";
import { dataOpenApi } from "./data-openapi.ts";
import { addDataRoutes } from "./data-routes.ts";
import { sampleInstitution, type Institution } from "./institution.ts";
import { echoInteractionId } from "./interaction-id.ts";
import { resourcesApi } from "./resources-api.ts";

export interface OpenFinanceSettings {
  /** The invented institution of the sample when absent. */
  readonly institution?: Institution;
  /** Calls that one client may make in a minute, in this process; as many as it likes when absent. */
  readonly callsPerMinute?: number;
}

export interface OpenFinanceNeeds extends OpenFinanceSettings {
  readonly introspect: Introspect;
  readonly sampleData: SampleData;
  readonly clock: Clock;
  /** Makes a UUID. */
  readonly newInteractionId: () => string;
  /** Root URL of the listener: all links begin with it, whatever the Host header says. */
  readonly publicUrl: string;
}

/** Puts the three data APIs together: their routes, the families of their errors, and the echo that every answer has. */
export function createOpenFinance(needs: OpenFinanceNeeds) {
  const { clock, publicUrl, institution = sampleInstitution, sampleData, callsPerMinute = Infinity } = needs;
  const apis = [accountsApi({ sampleData, institution }), customersApi({ sampleData, institution }), resourcesApi({ sampleData })];
  const served = apis.map((api) => ({ api, family: dataFamily(api, clock) }));
  const elsewhere = elsewhereFamily(clock);
  const echo = echoInteractionId(needs.newInteractionId);
  const limit = limitCalls({ callsPerMinute, clock });
  const openApi = dataOpenApi(apis, publicUrl);

  return {
    /** In the order in which they are to be asked. */
    families: [...served.map(({ family }) => family), elsewhere],
    echo: (ctx: Context, next: Next): Promise<void> => (elsewhere.serves(ctx.path) ? echo(ctx, next) : next()),
    addRoutes: (router: Router<GuardedState>): void => {
      for (const { api, family } of served) addDataRoutes(router, api, family, { ...needs, limit });
      router.get("/open-banking/openapi.json", (ctx) => {
        ctx.body = openApi;
      });
    },
  };
}
