const longestCell = 160;

/** Writes to standard output. A reader that has seen enough, such as `head`, closes the pipe: nothing is wrong then. */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => (error.code === "EPIPE" ? resolve() : reject(error));
    process.stdout.once("error", failed);
    process.stdout.write(text, (error) => {
      if (!error) {
        process.stdout.off("error", failed);
        resolve();
      }
    });
  });
}

/** Columns under their titles, each as wide as its widest cell; one line a row. */
export function textTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const safe = [titles, ...rows.map((row) => row.map((cell) => fitForTerminal(cell)))];
  const widths = titles.map((_, column) => Math.max(...safe.map((row) => row[column]?.length ?? 0)));
  return safe.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()}\n`).join("");
}

/** No control or direction characters, which would rewrite what the terminal shows, and no endless cells. */
export function fitForTerminal(text: string, longest = longestCell): string {
  const clean = text.replace(/[\p{C}\u2028\u2029]/gu, "?");
  return clean.length > longest ? `${clean.slice(0, longest)}...` : clean;
}

/** Members one a line, those of members below their name. */
export function memberLines(members: Readonly<Record<string, unknown>>, indent = ""): string {
  return Object.entries(members)
    .map(([name, value]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? `${indent}${name}\n${memberLines({ ...value }, `${indent}  `)}`
        : `${indent}${name.padEnd(40 - indent.length)}  ${plain(value)}\n`,
    )
    .join("");
}

function plain(value: unknown): string {
  const longest = 2_000;
  return fitForTerminal(Array.isArray(value) ? value.map(String).join(" ") : String(value), longest);
}

/** ISO 8601 to the second, UTC. */
export function utcTime(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(/\.\d+Z$/, "Z");
}
