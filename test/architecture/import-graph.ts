import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** Every source file below a folder, with the files of the folder that it imports; paths relative to the folder. */
export type ImportGraph = ReadonlyMap<string, readonly { readonly file: string; readonly typeOnly: boolean }[]>;

const importStatement = /^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?["'](\.{1,2}\/[^"']+)["']/gm;
const dynamicImport = /\bimport\(\s*["'](\.{1,2}\/[^"']+)["']\s*\)/g;

export function importGraph(folder: string): ImportGraph {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"));
  return new Map(files.map((file) => [file, importsOf(folder, file)]));
}

function importsOf(folder: string, file: string) {
  const text = readFileSync(join(folder, file), "utf8");
  const target = (path: string) => relative(folder, resolve(dirname(join(folder, file)), path));
  return [
    ...[...text.matchAll(importStatement)].map(([, typeOnly, path]) => ({ file: target(path ?? ""), typeOnly: typeOnly !== undefined })),
    ...[...text.matchAll(dynamicImport)].map(([, path]) => ({ file: target(path ?? ""), typeOnly: false })),
  ];
}

/** The first cycle found, as the files on it; types count as well, because they too must point one way. */
export function findCycle(graph: ImportGraph): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) {
      return [...path.slice(path.indexOf(file)), file];
    }
    if (done.has(file)) {
      return undefined;
    }
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next.file, [...path, file]);
      if (cycle) {
        return cycle;
      }
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle) {
      return cycle;
    }
  }
  return undefined;
}

export type Layers = Readonly<Record<string, { readonly mayImport: readonly string[] }>>;

/** Imports that point the wrong way, as sentences. A layer is the first folder of a path; a file at the top is one by its name. */
export function wrongImports(graph: ImportGraph, layers: Layers): string[] {
  return [...graph].flatMap(([file, imports]) =>
    imports.flatMap(({ file: imported }) => {
      const [from, to] = [layerOf(file), layerOf(imported)];
      const allowed = from === to || layers[from]?.mayImport.some((one) => one === "*" || one === to || one === imported);
      return allowed ? [] : [`${file} must not import ${imported}`];
    }),
  );
}

function layerOf(file: string): string {
  return file.split("/")[0] ?? file;
}
