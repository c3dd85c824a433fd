import { html } from "./pages/html.ts";

/** Wordmark and colours are those of the customers' pages. Stands in the page itself, so that it reads anywhere. */
export const refusalPageStyle = html`<style>
:root { --page: #f3f5f7; --card: #fff; --text: #14202b; --muted: #4a5967; --line: #d5dce3; --brand: #0b5a4e; --soft: #e4f1ee; --focus: #1a4fd0; }
@media (prefers-color-scheme: dark) {
  :root { --page: #0e151c; --card: #18222c; --text: #e9eff4; --muted: #adbbc8; --line: #2c3945; --brand: #63cdb4; --soft: #17352f; --focus: #ffd166; }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 1.0625rem/1.55 system-ui, -apple-system, Roboto, Arial, sans-serif; overflow-wrap: break-word; }
h1, h2, p, dl, dd { margin: 0; }
h1 { font-size: 1.625rem; line-height: 1.25; letter-spacing: -0.01em; }
h2 { font-size: 1rem; line-height: 1.4; color: var(--muted); font-weight: 650; }
code { font: 0.9375em/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere; }
a { color: var(--brand); text-underline-offset: 0.18em; }
a:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 0.125rem; }
.top { background: var(--card); border-bottom: 1px solid var(--line); }
.line { max-width: 64rem; margin: 0 auto; padding: 0.5rem 1.25rem; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; align-items: center; justify-content: space-between; }
.wordmark { display: flex; align-items: center; gap: 0.5rem; min-height: 2.75rem; font-size: 1.1875rem; font-weight: 700; letter-spacing: -0.01em; }
.mark-arch, .mark-knob { fill: var(--brand); }
.mark-leaf { fill: var(--card); }
.line a, .back a { display: inline-block; padding: 0.625rem 0; }
main { max-width: 64rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
main.one { max-width: 46rem; }
.lead { margin-top: 0.5rem; color: var(--muted); }
.card { margin-top: 1.25rem; padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.875rem; }
.card p { margin-top: 0.25rem; }
.mend { background: var(--soft); border-color: var(--brand); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.5rem 1.25rem; }
dt { color: var(--muted); }
.hint { margin-top: 0.75rem; color: var(--muted); font-size: 0.9375rem; }
.back { margin-top: 1rem; }
table { width: 100%; margin-top: 1.25rem; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); }
th, td { padding: 0.625rem 0.875rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); font-size: 0.9375rem; }
thead th { border-top: 0; color: var(--muted); }
th[scope=row] { width: 17rem; font-weight: 400; }
th[scope=rowgroup] { padding-top: 1.25rem; background: var(--page); font-size: 1rem; }
@media (max-width: 48rem) {
  table, thead, tbody, tr, th, td { display: block; }
  table { background: none; border: 0; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip: rect(0 0 0 0); }
  tbody tr:not(.group) { margin-top: 0.75rem; padding: 0.875rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
  th[scope=row], th[scope=rowgroup], td { width: auto; padding: 0; border: 0; }
  td { margin-top: 0.5rem; }
  td::before { content: attr(data-title); display: block; color: var(--muted); font-size: 0.875rem; }
  th[scope=row] a { display: inline-block; padding: 0.25rem 0; }
  th[scope=rowgroup] { margin-top: 1.5rem; background: none; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.75rem; }
}
</style>`;
