/** What the store keeps of an access token, under the SHA-256 of the token. Times are seconds since the epoch. */
export interface TokenRecord {
  readonly kind: "ClientCredentials" | "AccessToken";
  readonly clientId: string;
  /** Values separated by one space. */
  readonly scope: string;
  readonly iat: number;
  readonly exp: number;
  /** SHA-256 thumbprint of the certificate that the token is bound to (RFC 8705 section 3.1). */
  readonly "x5t#S256": string;
  /** The customer and the grant behind the token; absent in a token of the client itself. */
  readonly accountId?: string;
  readonly grantId?: string;
}
