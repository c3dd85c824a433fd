import { html } from "./html.ts";
import { pageFrame, type PageSetting } from "./page-frame.ts";
import { texts, type Texts } from "./texts.ts";

export type ErrorKind = keyof Texts["errors"]["kinds"];

export interface ErrorPage extends PageSetting {
  readonly kind: ErrorKind;
  /** The request's id: what the customer reads out to support, and what the log says. */
  readonly reference?: string;
  /** For the TPP's engineer: OAuth error and description. */
  readonly technical?: { readonly error: string; readonly description?: string };
}

/** What only a new request of the TPP can mend. */
const startsAgain: readonly ErrorKind[] = ["request-invalid", "request-expired", "session-lost", "form-outdated"];

/** For what must not be redirected. The element with id `error` is on this page and on no other. */
export function errorPage(page: ErrorPage): string {
  const { errors } = texts[page.language];
  const { title, lead } = errors.kinds[page.kind];
  const { reference, technical } = page;
  const main = html`<div class="card" id="error">
<h1>${title}</h1>
<p class="lead">${lead}</p>
${startsAgain.includes(page.kind) && html`<p>${errors.startAgain}</p>`}
${reference !== undefined && html`<p class="reference">${errors.reference}: <code>${reference}</code></p>`}
${
  technical &&
  html`<details><summary>${errors.technical}</summary>
<p><code id="error-code">${technical.error}</code></p>
${technical.description !== undefined && html`<p lang="en" id="error-description">${technical.description}</p>`}</details>`
}
</div>`;
  return pageFrame(page, { title, main });
}
