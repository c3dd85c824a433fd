import { html } from "./html.ts";
import { csrfField, pageFrame, type FormSetting, type PageSetting } from "./page-frame.ts";
import { texts } from "./texts.ts";

export interface LogOutPage extends PageSetting {
  readonly form: FormSetting;
  /** The customer has a request to decide, which ends undecided. */
  readonly undecided?: true;
  /** Where a customer who stays goes. */
  readonly stayHref: string;
}

/** Asks before the session ends. Posts nothing but the csrf field. */
export function logOutPage(page: LogOutPage): string {
  const text = texts[page.language].logOutPage;
  const main = html`<div class="card">
<h1>${text.title}</h1>
<p class="lead">${page.undecided ? text.undecided : text.lead}</p>
<form id="log-out-form" method="post" action="${page.form.action}">
${csrfField(page.form)}
<div class="actions"><button id="log-out-submit" type="submit" class="primary">${text.submit}</button></div>
</form>
<p class="actions"><a id="stay" class="quiet" href="${page.stayHref}">${text.stay}</a></p>
</div>`;
  return pageFrame(page, { title: text.title, main });
}
