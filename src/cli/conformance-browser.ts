/** One command of the suite's browser: its name, how an element is found, and what else it takes. */
export type BrowserCommand = readonly (string | number)[];

export interface BrowserTask {
  readonly task: string;
  /** Pattern of the address at which it applies; `*` stands for anything. */
  readonly match: string;
  readonly optional?: true;
  readonly commands: readonly BrowserCommand[];
}

/** What the suite's browser does at an address that a module sends it to. */
export interface BrowserVisit {
  readonly match: string;
  /** How many times; the next visit that matches comes after. */
  readonly "match-limit"?: number;
  readonly tasks: readonly BrowserTask[];
}

export interface BrowserFacts {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  /** The suite's callback, without a query. */
  readonly callback: string;
  readonly customer: { readonly userName: string; readonly password: string };
}

const waitSeconds = 10;

/** Logs in and approves on our pages, by the ids that src/http/pages/README.md promises. */
export function approvingBrowser(facts: BrowserFacts): BrowserVisit[] {
  return [visit(facts, [logIn(facts), decision(facts, "approve"), atTheCallback(facts)])];
}

/** Modules that need another ending than approval, by their names. */
export function overrides(facts: BrowserFacts): Readonly<Record<string, { readonly browser: readonly BrowserVisit[] }>> {
  const approve = approvingBrowser(facts);
  const errorPage = visit(facts, [atTheErrorPage(facts)]);
  const once = ([first, ...more]: readonly BrowserVisit[]) => [...(first ? [{ ...first, "match-limit": 1 }] : []), ...more];
  const logInOnly = visit(facts, [atTheLogInPage(facts)]);
  return {
    "fapi1-advanced-final-user-rejects-authentication": { browser: [visit(facts, [logIn(facts), decision(facts, "deny"), atTheCallback(facts)])] },
    "fapi1-advanced-final-ensure-authorization-request-without-request-object-fails": { browser: [errorPage] },
    "fapi1-advanced-final-par-attempt-to-use-expired-request_uri": { browser: [errorPage] },
    "fapi1-advanced-final-par-attempt-to-use-request_uri-for-different-client": { browser: [errorPage] },
    "fapi1-advanced-final-par-attempt-reuse-request_uri": { browser: [...once(approve), errorPage] },
    "fapi1-advanced-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds": { browser: [...once([logInOnly]), ...approve] },
  };
}

function visit({ authorizationEndpoint }: BrowserFacts, tasks: readonly BrowserTask[]): BrowserVisit {
  return { match: `${authorizationEndpoint}*`, tasks };
}

/**
 * Cookies are shared within a module: a second authorization may come straight to the consent page, which has the same
 * address, so that each command is optional too.
 */
function logIn(facts: BrowserFacts): BrowserTask {
  const { userName, password } = facts.customer;
  return {
    task: "Log in",
    match: pages(facts),
    optional: true,
    commands: [
      ["text", "id", "username", userName, "optional"],
      ["text", "id", "password", password, "optional"],
      ["click", "id", "login-submit", "optional"],
    ],
  };
}

function decision(facts: BrowserFacts, button: "approve" | "deny"): BrowserTask {
  return { task: button === "approve" ? "Approve" : "Refuse", match: pages(facts), commands: [["click", "id", button]] };
}

function atTheCallback({ callback }: BrowserFacts): BrowserTask {
  return { task: "Back at the suite", match: `${callback}*`, commands: [["wait", "id", "submission_complete", waitSeconds]] };
}

/** The suite keeps the page as the screenshot that a person looks at afterwards. */
function atTheErrorPage({ authorizationEndpoint }: BrowserFacts): BrowserTask {
  return { task: "Error page", match: `${authorizationEndpoint}*`, commands: [["wait", "id", "error", waitSeconds, ".*", "update-image-placeholder"]] };
}

function atTheLogInPage(facts: BrowserFacts): BrowserTask {
  return { task: "Log-in page, not filled in", match: pages(facts), commands: [["wait", "id", "login-form", waitSeconds, ".*", "update-image-placeholder-optional"]] };
}

function pages({ issuer }: BrowserFacts): string {
  return `${issuer}/interaction/*`;
}
