import { html, toText, type Html } from "./html.ts";
import { languageTags, type Language } from "./language.ts";
import { stylesheet } from "./stylesheet.ts";
import { texts, type Texts } from "./texts.ts";

/** What every page is given. */
export interface PageSetting {
  readonly language: Language;
  /** The same page in the other language: a path of ours that answers GET. */
  readonly otherLanguageHref: string;
  /** Where the stylesheet is served: `stylesheet.path`, under whatever prefix; that path itself unless given. */
  readonly stylesheetHref?: string;
  /** Shown to a customer who is logged in. */
  readonly session?: { readonly name: string; readonly logOutHref?: string };
}

/** The hidden field that ties a form to the session; its name is `csrf`. */
export interface FormSetting {
  /** Path that the form posts to. */
  readonly action: string;
  readonly csrf: string;
}

/** One thing to mend; with a field, the summary links to it. */
export interface Problem {
  readonly text: string;
  /** Id of the field. */
  readonly field?: string;
  /** Said in the summary alone, which the field then points to: it is about more than this field. */
  readonly summaryOnly?: true;
}

export interface PageParts {
  /** Of the browser's tab; begins with the problem, if there is one. */
  readonly title: string;
  readonly main: Html;
  readonly problems?: readonly Problem[];
  readonly width?: "narrow" | "wide";
}

/** A whole document around one page's own part. */
export function pageFrame(setting: PageSetting, parts: PageParts): string {
  const { language, session } = setting;
  const text = texts[language];
  const other = language === "pt" ? "en" : "pt";
  const problems = parts.problems ?? [];
  const title = `${problems.length > 0 ? `${text.problemTitle} – ` : ""}${parts.title} – Porteiro`;
  return `<!doctype html>\n${toText(html`<html lang="${languageTags[language]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${setting.stylesheetHref ?? stylesheet.path}">
</head>
<body>
<a class="skip" href="#content">${text.skip}</a>
<header class="top"><div class="top-line">
<p class="wordmark">${door}<span>Porteiro</span></p>
${session && sessionLine(session, text)}
</div></header>
<main id="content" class="${parts.width ?? "narrow"}" tabindex="-1">
${problems.length > 0 && problemSummary(problems, text)}
${parts.main}
</main>
<footer class="bottom"><div class="bottom-line">
<p>${text.footer}</p>
<nav aria-label="${text.languageSwitch}"><a id="other-language" href="${setting.otherLanguageHref}" lang="${languageTags[other]}" hreflang="${languageTags[other]}">${text.otherLanguage}</a></nav>
</div></footer>
</body>
</html>`)}\n`;
}

/** The csrf field; stands first in every form. */
export function csrfField({ csrf }: FormSetting): Html {
  return html`<input type="hidden" name="csrf" value="${csrf}">`;
}

/** The message at a field, which the field names in `aria-describedby`; its id is the field's with `-problem`. */
export function fieldProblem(field: string, problems: readonly Problem[]): Html | undefined {
  const own = problems.find((problem) => problem.field === field && !problem.summaryOnly);
  return own && html`<p class="field-problem" id="${field}-problem">${own.text}</p>`;
}

/** Attributes of a field that has a hint and perhaps a problem. */
export function fieldState(field: string, hint: string | undefined, problems: readonly Problem[]): Html {
  const own = problems.find((problem) => problem.field === field);
  const message = own && (own.summaryOnly ? "problem" : `${field}-problem`);
  const described = [hint, message].filter((id) => id !== undefined).join(" ");
  return html`${described !== "" && html` aria-describedby="${described}"`}${own && html` aria-invalid="true"`}`;
}

function problemSummary(problems: readonly Problem[], text: Texts): Html {
  return html`<div class="problem" id="problem" role="alert" aria-labelledby="problem-title">
<h2 id="problem-title">${text.problemTitle}</h2>
<ul role="list">${problems.map((problem) => html`<li>${problem.field === undefined ? problem.text : html`<a href="#${problem.field}">${problem.text}</a>`}</li>`)}</ul>
</div>`;
}

function sessionLine({ name, logOutHref }: NonNullable<PageSetting["session"]>, text: Texts): Html {
  return html`<p class="session"><span class="hidden">${text.signedInAs} </span><bdi>${name}</bdi>${
    logOutHref !== undefined && html` <a id="log-out" href="${logOutHref}">${text.logOut}</a>`
  }</p>`;
}

/** An open door: the mark beside the name. */
const door = html`<svg width="28" height="28" viewBox="0 0 28 28" aria-hidden="true" focusable="false"><path class="mark-arch" d="M5 26V12a9 9 0 0 1 18 0v14z"/><path class="mark-leaf" d="M10 26V9.500l8-2.500v19z"/><circle class="mark-knob" cx="15.500" cy="17" r="1.250"/></svg>`;
