import type { Authorisation, ConsentFacts, ConsentRecord, Rejection } from "../../store/consent-records.ts";

/** How long a customer has to authorise a consent (Consents API 3.3.1), in seconds. */
export const secondsToAuthorise = 60 * 60;

/** Whether data may flow under this consent: authorised, and neither rejected nor out of its term. @param now seconds */
export function isActive(consent: ConsentFacts, now: number): boolean {
  return consent.status === "AUTHORISED" && dueRejection(consent, now) === undefined;
}

/**
 * The rejection that time alone has brought, and since when: nobody authorised within the hour, or the term is over.
 * Undefined for a consent that is rejected already.
 */
export function dueRejection(consent: ConsentFacts, now: number): { readonly at: number; readonly rejection: Rejection } | undefined {
  const ends: { readonly at: number; readonly rejection: Rejection }[] = [];
  if (consent.status === "REJECTED") {
    return undefined;
  }
  if (consent.expiresAt !== undefined) {
    ends.push({ at: consent.expiresAt, rejection: { by: "ASPSP", code: "CONSENT_MAX_DATE_REACHED" } });
  }
  if (consent.status === "AWAITING_AUTHORISATION") {
    ends.push({ at: consent.createdAt + secondsToAuthorise, rejection: { by: "USER", code: "CONSENT_EXPIRED" } });
  }
  return ends.filter(({ at }) => at <= now).sort((one, other) => one.at - other.at)[0];
}

/** AWAITING_AUTHORISATION to AUTHORISED; undefined from any other state. */
export function authorised(consent: ConsentRecord, authorisation: Authorisation): ConsentRecord | undefined {
  return consent.status === "AWAITING_AUTHORISATION" && dueRejection(consent, authorisation.at) === undefined
    ? { ...consent, status: "AUTHORISED", statusUpdatedAt: authorisation.at, authorisation }
    : undefined;
}

/** To REJECTED, from where nothing leads on; undefined when it is there already. */
export function rejected(consent: ConsentRecord, rejection: Rejection, at: number): ConsentRecord | undefined {
  return consent.status === "REJECTED" ? undefined : { ...consent, status: "REJECTED", statusUpdatedAt: at, rejection };
}

/**
 * Why a consent ends when its TPP deletes it: at the will of the customer, who had authorised it or not yet. The TPP
 * only passes on what the customer decided there.
 */
export function rejectionOnDelete(consent: ConsentFacts): Rejection {
  return { by: "USER", code: consent.status === "AUTHORISED" ? "CUSTOMER_MANUALLY_REVOKED" : "CUSTOMER_MANUALLY_REJECTED" };
}
