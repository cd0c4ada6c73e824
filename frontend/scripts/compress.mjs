// Lays a .br and a .gz form beside each text file of dist/, so that the server never compresses.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url).pathname;
const TEXT = /\.(html|js|ts|css|svg|json|txt)$/;

// The manifest serves the budget; browsers never ask for it. budget.mjs removes it.
for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !TEXT.test(entry.name) || entry.parentPath.includes(".vite")) continue;
  const path = join(entry.parentPath, entry.name);
  const plain = readFileSync(path);
  const hint = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } };
  for (const [suffix, packed] of [
    [".br", brotliCompressSync(plain, hint)],
    [".gz", gzipSync(plain, { level: 9 })],
  ]) {
    rmSync(path + suffix, { force: true });
    writeFileSync(path + suffix, packed);
  }
}
