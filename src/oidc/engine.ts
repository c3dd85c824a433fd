/**
 * The one import of oidc-provider. The engine prints through `console.warn`; two of its lines are expected here and
 * would only alarm an operator, so they are left out, and every other line passes.
 */
const expectedWarnings = [
  // The npm binary of Node.js 26.10 carries no LTS name yet, which is all that the engine looks at.
  "Unsupported runtime",
  // Our routes hand the engine the body on purpose: it is read and judged before.
  "already parsed request body detected",
];

// The console is the engine's choice of output, not ours.
/* oxlint-disable no-console */
const warn = console.warn.bind(console);
console.warn = (...parts: unknown[]) => {
  if (!expectedWarnings.some((line) => String(parts[0]).includes(line))) {
    warn(...parts);
  }
};
/* oxlint-enable no-console */

export const { Provider, errors, ExternalSigningKey } = await import("oidc-provider");
