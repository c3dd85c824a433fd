import { html } from "./html.ts";
import { csrfField, fieldProblem, fieldState, pageFrame, type FormSetting, type PageSetting, type Problem } from "./page-frame.ts";
import { texts, type Texts } from "./texts.ts";

/** Why the page is shown once more. `refused` is all that is told of a wrong login. */
export type LogInProblem =
  | { readonly kind: "missing"; readonly fields: readonly ("username" | "password")[] }
  | { readonly kind: "refused" }
  | { readonly kind: "locked"; readonly waitSeconds: number };

export interface LogInPage extends PageSetting {
  readonly form: FormSetting;
  /** What the customer typed before; the password never comes back. */
  readonly username?: string;
  readonly problem?: LogInProblem;
  /** The organisation that asks, when the customer comes from one. */
  readonly organisation?: string;
  /** Where refusing before logging in posts to (button `cancel`). */
  readonly cancel?: FormSetting;
}

/** The first factor. Posts `username` and `password`. */
export function logInPage(page: LogInPage): string {
  const all = texts[page.language];
  const text = all.login;
  const problems = page.problem ? problemsOf(page.problem, text) : [];
  const main = html`<div class="card">
<h1>${text.title}</h1>
<p class="lead">${page.organisation === undefined ? text.lead : text.asks(page.organisation)}</p>
<form id="login-form" method="post" action="${page.form.action}" novalidate>
${csrfField(page.form)}
<div class="field">
<label for="username">${text.username}</label>
<p class="hint" id="username-hint">${text.usernameHint}</p>
${fieldProblem("username", problems)}
<input id="username" name="username" type="text" value="${page.username ?? ""}" autocomplete="username" autocapitalize="none" autocorrect="off" spellcheck="false" maxlength="100"${fieldState("username", "username-hint", problems)}>
</div>
<div class="field">
<label for="password">${text.password}</label>
${fieldProblem("password", problems)}
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="256"${fieldState("password", undefined, problems)}>
</div>
<div class="actions"><button id="login-submit" type="submit" class="primary">${text.submit}</button></div>
</form>
${
  page.cancel &&
  html`<form id="cancel-form" method="post" action="${page.cancel.action}">
${csrfField(page.cancel)}
<div class="actions"><button id="cancel" type="submit" class="quiet">${text.cancel}</button></div>
</form>`
}
</div>
<p class="aside">${all.secureSession}</p>`;
  return pageFrame(page, { title: text.title, main, problems });
}

function problemsOf(problem: LogInProblem, text: Texts["login"]): Problem[] {
  if (problem.kind === "refused") return [{ text: text.refused, field: "username", summaryOnly: true }];
  if (problem.kind === "locked") return [{ text: text.locked(Math.ceil(problem.waitSeconds / 60)) }];
  const missing = { username: text.missingUsername, password: text.missingPassword };
  return problem.fields.map((field) => ({ text: missing[field], field }));
}
