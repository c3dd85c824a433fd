const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The JSON value that these bytes are in UTF-8; undefined when they are none. */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

/** The same where only a JSON object will do. */
export function jsonObjectOf(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const value = jsonOf(bytes);
  // An object that is no array has members.
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}
