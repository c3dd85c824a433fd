import { html } from "./html.ts";
import { pageFrame, type PageSetting } from "./page-frame.ts";
import { texts } from "./texts.ts";

export interface ConfirmationPage extends PageSetting {
  readonly done: "revoked" | "logged-out" | "refused";
  /** The list of the customer's consents, where it makes sense to go on there. */
  readonly myConsentsHref?: string;
}

/** Says that something was done. */
export function confirmationPage(page: ConfirmationPage): string {
  const { [page.done]: text, next } = texts[page.language].done;
  const main = html`<div class="card" id="done" role="status">
<h1>${text.title}</h1>
<p class="lead">${text.lead}</p>
${page.myConsentsHref !== undefined && html`<p class="more"><a id="my-consents" href="${page.myConsentsHref}">${next}</a></p>`}
</div>`;
  return pageFrame(page, { title: text.title, main });
}
