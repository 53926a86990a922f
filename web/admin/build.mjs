// Makes `dist/`, which the Rust server embeds. `--check` writes nothing and fails when it is not what the sources give.
// Prints what each file weighs.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { languages } from "./languages.mjs";

const HERE = new URL(".", import.meta.url);
const DIST = new URL("dist/", HERE);
/** That Health holds against the server's. */
const VERSION = JSON.parse(readFileSync(new URL("package.json", HERE), "utf8")).version;
/** What the first page loads, compressed: a second of a slow line, so that the panel opens at night on a phone, too. */
const GZIP_BYTES_MAX = 150_000;

const files = new Map([
  ["index.html", readFileSync(new URL("src/index.html", HERE))],
  ["icon.svg", readFileSync(new URL("src/icon.svg", HERE))],
  ["panel.js", await bundle("src/panel.tsx")],
  ["panel.css", await bundle("src/styles/panel.css")],
  ["worker.js", await bundle("../solver/browser/worker.ts")],
  ["cachewalk.wasm", readFileSync(new URL("../solver/cachewalk.wasm", HERE))],
  ...Object.entries(languages()).map(([name, texts]) => [`languages/${name}.json`, Buffer.from(`${JSON.stringify(texts)}\n`)]),
]);

printSizes();
if (process.argv.includes("--check")) check();
else write();

async function bundle(path) {
  const { outputFiles } = await build({
    absWorkingDir: HERE.pathname,
    entryPoints: [path],
    bundle: true,
    minify: true,
    charset: "utf8",
    format: "iife",
    legalComments: "none",
    jsx: "automatic",
    jsxImportSource: "preact",
    define: { "process.env.NODE_ENV": '"production"', PANEL_VERSION: JSON.stringify(VERSION) },
    target: "es2022",
    write: false,
  });
  return Buffer.from(outputFiles[0].contents);
}

function printSizes() {
  const compressed = (content) => gzipSync(content, { level: 9 }).length;
  let sum = 0;
  for (const [name, content] of files) {
    console.log(`${name.padEnd(20)}${String(content.length).padStart(8)} bytes${String(compressed(content)).padStart(8)} gzip`);
    // Loaded by those alone who are asked for a puzzle.
    const isLater = ["worker.js", "cachewalk.wasm"].includes(name);
    if (!isLater && (!name.startsWith("languages/") || name.endsWith("/en.json"))) sum += compressed(content);
  }
  if (sum > GZIP_BYTES_MAX) fail(`${sum} bytes compressed; at most ${GZIP_BYTES_MAX}`);
}

function write() {
  rmSync(DIST, { recursive: true, force: true });
  for (const [name, content] of files) {
    const url = new URL(name, DIST);
    mkdirSync(dirname(url.pathname), { recursive: true });
    writeFileSync(url, content);
  }
}

function check() {
  const kept = readdirSync(DIST, { recursive: true }).filter((name) => name.includes("."));
  const differs = [...files].filter(([name, content]) => !kept.includes(name) || !readFileSync(new URL(name, DIST)).equals(content));
  const wrong = [...differs.map(([name]) => name), ...kept.filter((name) => !files.has(name))];
  if (wrong.length > 0) fail(`dist is not what the sources give: ${wrong.join(", ")}; run npm run build`);
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
