import { Router } from "@koa/router";
import Koa from "koa";
import type { CrlCache } from "../certs/crl-cache.ts";
import type { TrustAnchors } from "../certs/trust-anchors.ts";
import { directoryState } from "../directory/directory-state.ts";
import type { Keystore } from "../directory/keystore.ts";
import type { Participants } from "../directory/participants.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Store } from "../store/store.ts";

export interface HealthNeeds {
  readonly store: Store;
  readonly keystore: Keystore;
  readonly participants?: Participants;
  readonly crl: CrlCache;
  /** Of BRCAC certificates. */
  readonly anchors: TrustAnchors;
  /** Of BRSEAL certificates. */
  readonly sealAnchors: TrustAnchors;
  readonly clock: Clock;
}

export interface Health {
  /** Whether requests may be sent here, and the state and age of everything that is needed to answer them. */
  report(): Promise<{ ready: boolean; body: Record<string, unknown> }>;
  /** From now on ready, while the store is: all listeners listen. */
  serving(): void;
  /** From now on not ready: the server is about to stop. */
  stopping(): void;
}

/** Readiness needs the store; a silent directory or an old list makes the server degraded, not unready. */
export function createHealth(needs: HealthNeeds): Health {
  let phase: "starting" | "serving" | "stopping" = "starting";
  return {
    serving() {
      phase = "serving";
    },
    stopping() {
      phase = "stopping";
    },
    async report() {
      const store = await needs.store.state();
      const ready = store.ready && phase === "serving";
      return {
        ready,
        body: {
          ready,
          ...(phase === "serving" ? {} : { [phase]: true }),
          store,
          directory: directoryState(needs),
          anchors: { brcac: anchorsOf(needs.anchors), brseal: anchorsOf(needs.sealAnchors) },
          revocationLists: needs.crl.states().map((state) => ({
            issuer: state.issuer,
            usable: state.usable,
            ageSeconds: state.thisUpdate === undefined ? undefined : Math.floor((needs.clock() - state.thisUpdate) / 1000),
            nextUpdate: state.nextUpdate === undefined ? undefined : iso(state.nextUpdate),
            lastFailure: state.lastFailure,
          })),
        },
      };
    },
  };
}

/** The operator's listener: liveness and readiness. No log-in: it listens on loopback. */
export function createOpsApp(health: Health): Koa {
  const router = new Router();
  router.get("/live", (ctx) => {
    ctx.body = { live: true };
  });
  router.get("/ready", async (ctx) => {
    const { ready, body } = await health.report();
    ctx.status = ready ? 200 : 503;
    ctx.body = body;
  });
  const app = new Koa();
  app.use(router.routes());
  app.use(router.allowedMethods());
  return app;
}

function anchorsOf({ anchors }: TrustAnchors): { subject: string; validUntil: string }[] {
  return anchors.map(({ subjectText, notAfter }) => ({ subject: subjectText, validUntil: iso(notAfter) }));
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
