import { html } from "./html.ts";
import { csrfField, pageFrame, type FormSetting, type PageSetting } from "./page-frame.ts";
import { texts } from "./texts.ts";

export interface SecondFactorMissingPage extends PageSetting {
  /** Where going back to the TPP posts to (button `cancel`), when the customer comes from one. */
  readonly cancel?: FormSetting;
}

/** The password was right, and the bank lets nobody in without the second factor that this customer does not have. */
export function secondFactorMissingPage(page: SecondFactorMissingPage): string {
  const { secondFactorMissing: text, login } = texts[page.language];
  const main = html`<div class="card" id="second-factor-missing">
<h1>${text.title}</h1>
<p class="lead">${text.lead}</p>
<p>${text.mend}</p>
${
  page.cancel &&
  html`<form id="cancel-form" method="post" action="${page.cancel.action}">
${csrfField(page.cancel)}
<div class="actions"><button id="cancel" type="submit" class="primary">${login.cancel}</button></div>
</form>`
}
</div>`;
  return pageFrame(page, { title: text.title, main });
}
