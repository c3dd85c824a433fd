/** What a customer typed to say who they are, in the one form in which it is compared and stored. */
export interface LoginName {
  readonly kind: "cpf" | "user-name";
  /** 11 digits, or the user name in lower case. */
  readonly text: string;
}

const longest = 100;

/**
 * Reads a CPF (with or without points and dash) or a user name (case and outer blanks do not matter). Everything can
 * be read: what nobody can be called is only a name that nobody has, and takes the same way as every other.
 */
export function readLoginName(typed: string): LoginName {
  const text = typed.normalize("NFKC").trim().slice(0, longest).toLowerCase();
  const digits = text.replace(/[.\-\s]/g, "");
  return /^\d{11}$/.test(digits) ? { kind: "cpf", text: digits } : { kind: "user-name", text };
}
