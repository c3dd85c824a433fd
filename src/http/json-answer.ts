/** An answer in JSON, as plain values. */
export interface JsonAnswer {
  readonly status: number;
  /** Beside those that every answer carries; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Nothing is sent when it is left out. */
  readonly body?: object;
  /** Facts for the request's log line; no personal data. */
  readonly logged?: Readonly<Record<string, unknown>>;
}
