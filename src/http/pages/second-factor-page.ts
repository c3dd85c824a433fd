import { html } from "./html.ts";
import { csrfField, fieldProblem, fieldState, pageFrame, type FormSetting, type PageSetting, type Problem } from "./page-frame.ts";
import { texts, type Texts } from "./texts.ts";

export type SecondFactorProblem =
  | { readonly kind: "missing" }
  | { readonly kind: "refused" }
  | { readonly kind: "locked"; readonly waitSeconds: number };

export interface SecondFactorPage extends PageSetting {
  readonly form: FormSetting;
  readonly problem?: SecondFactorProblem;
  /** Where giving up posts to (button `cancel`). */
  readonly cancel?: FormSetting;
}

/** The second factor. Posts `otp`. */
export function secondFactorPage(page: SecondFactorPage): string {
  const all = texts[page.language];
  const text = all.secondFactor;
  const problems = page.problem ? [problemOf(page.problem, all)] : [];
  const main = html`<div class="card">
<h1>${text.title}</h1>
<p class="lead">${text.lead}</p>
<form id="otp-form" method="post" action="${page.form.action}" novalidate>
${csrfField(page.form)}
<div class="field">
<label for="otp">${text.otp}</label>
<p class="hint" id="otp-hint">${text.otpHint}</p>
${fieldProblem("otp", problems)}
<input id="otp" name="otp" type="text" class="code" inputmode="numeric" autocomplete="one-time-code" autocorrect="off" spellcheck="false" maxlength="10"${fieldState("otp", "otp-hint", problems)}>
</div>
<div class="actions"><button id="otp-submit" type="submit" class="primary">${text.submit}</button></div>
</form>
${
  page.cancel &&
  html`<form id="cancel-form" method="post" action="${page.cancel.action}">
${csrfField(page.cancel)}
<div class="actions"><button id="cancel" type="submit" class="quiet">${all.login.cancel}</button></div>
</form>`
}
</div>
<p class="aside">${all.secureSession}</p>`;
  return pageFrame(page, { title: text.title, main, problems });
}

function problemOf(problem: SecondFactorProblem, all: Texts): Problem {
  if (problem.kind === "locked") return { text: all.login.locked(Math.ceil(problem.waitSeconds / 60)) };
  if (problem.kind === "refused") return { text: all.secondFactor.refused, field: "otp", summaryOnly: true };
  return { text: all.secondFactor.missing, field: "otp" };
}
