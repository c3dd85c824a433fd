/** Every state change that the audit trail knows. Names are never reused for something else. */
export type AuditAction =
  | "client.registered"
  | "client.updated"
  | "client.deleted"
  | "client.recovered"
  | "client.suspended"
  | "client.restored"
  | "client.granted"
  | "client.grant-withdrawn"
  | "token.revoked"
  | "consent.created"
  | "consent.authorised"
  | "consent.rejected"
  | "consent.revoked"
  | "consent.expired"
  | "consent.extended"
  | "key.created"
  | "customer.enrolled"
  | "customer.password-changed"
  | "customer.second-factor-enrolled"
  | "customer.disabled"
  | "customer.enabled"
  | "customer.closed"
  | "login.locked";

export interface AuditActor {
  /** A TPP over its BRCAC, a bank customer on our pages, an operator on the command line, or the server by itself. */
  readonly kind: "tpp" | "customer" | "operator" | "server";
  readonly softwareId?: string;
  readonly organisationId?: string;
  /** SHA-256 thumbprint (base64url) of the certificate that was presented. */
  readonly certificate?: string;
  /** The opaque id of the customer; never a CPF. */
  readonly customerId?: string;
  /** Who ran the command: the operating system's user name. */
  readonly operator?: string;
}

/** Who did what to which client, organisation, consent or key. Holds no secret and no customer data. */
export interface AuditEntry {
  /** Sorts by time: 12 hex digits of milliseconds, then randomness. */
  readonly id: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  readonly action: AuditAction;
  readonly realm: string;
  readonly subject: { readonly kind: "client" | "key" | "consent" | "organisation" | "customer" | "login"; readonly id: string };
  readonly actor: AuditActor;
  readonly requestId?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}
