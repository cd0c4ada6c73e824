// Fails the build when a page's first load is heavier than its budget, gzip.

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const DIST = new URL("../dist/", import.meta.url).pathname;
const BUDGET = 280_000;
const manifest = JSON.parse(readFileSync(join(DIST, ".vite/manifest.json"), "utf8"));

/** The files that one entry of the manifest needs before it runs. */
function needs(key, found = new Set()) {
  const chunk = manifest[key];
  for (const file of [chunk.file, ...(chunk.css ?? [])]) found.add(file);
  for (const next of chunk.imports ?? []) if (!found.has(manifest[next].file)) needs(next, found);
  return found;
}

const size = (files) => [...files].reduce((sum, file) => sum + readFileSync(join(DIST, `${file}.gz`)).length, 0);
// The reference (docs.html) is a library of its own weight, for developers.
const entry = "index.html";
const first = needs(entry);
let worst = size(first);
console.log(`first load      ${worst} bytes gzip`);
for (const key of Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry)) {
  const page = size(new Set([...first, ...needs(key)]));
  console.log(`  with ${key.split("/").at(-1).padEnd(28)} ${page}`);
  worst = Math.max(worst, page);
}
rmSync(join(DIST, ".vite"), { recursive: true });
if (worst > BUDGET) {
  console.error(`The heaviest page is ${worst} bytes gzip; its budget is ${BUDGET}.`);
  process.exit(1);
}
