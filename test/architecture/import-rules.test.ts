import { expect } from "chai";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { findCycle, importGraph, wrongImports, type Layers } from "./import-graph.ts";

const src = resolve(import.meta.dirname, "../../src");

/** Who may import whom; the same picture as in the README. */
const layers: Layers = {
  kernel: { mayImport: [] },
  settings: { mayImport: ["kernel"] },
  store: { mayImport: ["settings", "kernel"] },
  certs: { mayImport: ["store", "settings", "kernel"] },
  directory: { mayImport: ["store", "settings", "kernel"] },
  policy: { mayImport: ["certs", "directory", "store", "settings", "kernel"] },
  oidc: { mayImport: ["policy", "certs", "directory", "store", "settings", "kernel"] },
  http: { mayImport: ["oidc", "policy", "certs", "directory", "store", "settings", "kernel"] },
  bank: { mayImport: ["policy", "settings", "kernel"] },
  // A separate program of the house; of the directory's client it knows only what a statement is.
  sandbox: { mayImport: ["certs", "store", "settings", "kernel", "directory/software-statement.ts"] },
  composition: { mayImport: ["*"] },
  "compose.ts": { mayImport: ["*"] },
  cli: { mayImport: ["*"] },
};

describe("the house", () => {
  const graph = importGraph(src);

  it("imports point one way through the layers", () => {
    expect(wrongImports(graph, layers)).to.deep.equal([]);
  });

  it("has no import cycle", () => {
    expect(findCycle(graph)).to.equal(undefined);
  });

  it("has no layer that the rules do not know", () => {
    const known = new Set(Object.keys(layers));
    expect([...graph.keys()].filter((file) => !known.has(file.split("/")[0]!))).to.deep.equal([]);
  });

  it("only the composition and the commands reach above", () => {
    const above = ["cli", "composition", "compose.ts"];
    const reaching = [...graph].filter(([file, imports]) => !above.includes(file.split("/")[0]!) && imports.some(({ file: to }) => above.includes(to.split("/")[0]!)));
    expect(reaching.map(([file]) => file)).to.deep.equal([]);
  });

  it("has no barrel, and no file whose name says nothing", () => {
    const empty = /^(index|utils?|helpers?|common|misc|manager|shared|stuff)\.ts$/;
    expect([...graph.keys()].filter((file) => empty.test(basename(file)))).to.deep.equal([]);
  });

  it("keeps files readable: none over 400 lines but tables and texts", () => {
    // The catalogue is one table.
    const tables = ["kernel/refusal-catalogue.ts"];
    const long = [...graph.keys()].filter((file) => !tables.includes(file) && linesOf(join(src, file)) > 400);
    expect(long).to.deep.equal([]);
  });
});

describe("the tests of the house", () => {
  it("share things between files only through atEndOfRun, which knows parallel runs", () => {
    const tests = resolve(import.meta.dirname, "..");
    const files = readdirSync(tests, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const rooted = files.filter((file) => /^(after|before|afterEach|beforeEach)\(/m.test(readFileSync(join(tests, file), "utf8")));
    expect(rooted).to.deep.equal([]);
  });
});

describe("the checks of the house see what they are for", () => {
  const planted = (files: Readonly<Record<string, string>>) => {
    const folder = mkdtempSync(join(tmpdir(), "porteiro-architecture-"));
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(join(folder, file, ".."), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const graph = importGraph(folder);
    rmSync(folder, { recursive: true });
    return graph;
  };

  it("a planted cycle is found, through types and dynamic imports too", () => {
    const cycle = planted({
      "kernel/a.ts": 'import { b } from "./b.ts";\n',
      "kernel/b.ts": 'import type { C } from "../store/c.ts";\n',
      "store/c.ts": 'export const a = () => import("../kernel/a.ts");\n',
    });
    expect(findCycle(cycle)).to.deep.equal(["kernel/a.ts", "kernel/b.ts", "store/c.ts", "kernel/a.ts"]);
  });

  it("a planted import against the layers is found", () => {
    const wrong = planted({ "kernel/a.ts": 'export { x } from "../policy/x.ts";\n', "policy/x.ts": "export const x = 1;\n" });
    expect(wrongImports(wrong, layers)).to.deep.equal(["kernel/a.ts must not import policy/x.ts"]);
    expect(findCycle(wrong)).to.equal(undefined);
  });
});

function linesOf(file: string): number {
  return readFileSync(file, "utf8").split("\n").length;
}
