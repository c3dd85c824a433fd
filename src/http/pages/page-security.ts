/**
 * The Content-Security-Policy that the pages are made for: no script at all, our stylesheet, logos as data URLs.
 *
 * Browsers hold `form-action` against every redirect that follows a form. The log-in and consent forms end at the TPP,
 * which may redirect on to wherever it likes, so that for them any https address is let through.
 */
export function pageSecurityPolicy(forms: "none" | "stay-here" | "lead-to-the-tpp"): string {
  const formAction = { none: "'none'", "stay-here": "'self'", "lead-to-the-tpp": "'self' https:" }[forms];
  return `default-src 'none'; style-src 'self'; img-src data:; form-action ${formAction}; base-uri 'none'; frame-ancestors 'none'`;
}
