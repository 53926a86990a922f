// Makes `dist/`, which the Rust server embeds. `--check` writes nothing and fails when `dist/` is not what the sources
// give. Prints what each file weighs.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

const HERE = new URL(".", import.meta.url);
const DIST = new URL("dist/", HERE);
/** What a visitor may be made to load, compressed, the WebAssembly aside. */
const GZIP_BYTES_MAX = 25_000;
/** Loaded besides by those who meet a third party's widget, which is many times that. */
const PROVIDER_GZIP_BYTES_MAX = 2_500;
/** Not loaded by visitors: the server reads it. */
const SERVERS = ["texts.json"];

const files = new Map([
  ["page.html", text("src/page.html")],
  ["continue.html", text("src/continue.html")],
  ["texts.json", texts()],
  ["challenge.css", bundle("src/challenge.css")],
  ["challenge.js", bundle("src/challenge.ts")],
  ["worker.js", bundle("../solver/browser/worker.ts")],
  ["provider.js", bundle("src/provider/providers.ts")],
  ["cachewalk.wasm", readFileSync(new URL("../solver/cachewalk.wasm", HERE))],
]);

const bytes = printSizes();
if (bytes > GZIP_BYTES_MAX) fail(`${bytes} bytes compressed; at most ${GZIP_BYTES_MAX}`);
if (process.argv.includes("--check")) check();
else write();

/** Indentation is for us, not for the visitor. */
function text(path) {
  return Buffer.from(readFileSync(new URL(path, HERE), "utf8").replace(/^[ \t]+/gm, ""));
}

/** What the server writes into its pages: the page's own texts and those of the way without JavaScript. */
function texts() {
  const read = (path) => JSON.parse(readFileSync(new URL(path, HERE), "utf8"));
  const names = readdirSync(new URL("languages/plain/", HERE)).sort();
  const all = names.map((name) => [name.replace(/\.json$/, ""), { ...read(`languages/${name}`), ...read(`languages/plain/${name}`) }]);
  return Buffer.from(`${JSON.stringify(Object.fromEntries(all))}\n`);
}

function bundle(path) {
  const { outputFiles } = buildSync({
    absWorkingDir: new URL(".", HERE).pathname,
    entryPoints: [path],
    bundle: true,
    minify: true,
    charset: "utf8",
    format: path.endsWith(".css") ? undefined : "iife",
    legalComments: "none",
    // Old phones and in-app browsers get this page too.
    target: path.endsWith(".css") ? ["chrome80", "firefox78", "safari13"] : "es2019",
    write: false,
  });
  return Buffer.from(outputFiles[0].contents);
}

function printSizes() {
  let sum = 0;
  for (const [name, content] of files) {
    const compressed = gzipSync(content, { level: 9 }).length;
    if (name === "provider.js" && compressed > PROVIDER_GZIP_BYTES_MAX) fail(`${name} has ${compressed} bytes compressed; at most ${PROVIDER_GZIP_BYTES_MAX}`);
    if (!SERVERS.includes(name) && !["cachewalk.wasm", "provider.js"].includes(name)) sum += compressed;
    console.log(`${name.padEnd(16)}${String(content.length).padStart(7)} bytes${String(compressed).padStart(7)} gzip`);
  }
  console.log(`without the WebAssembly ${sum} gzip`);
  return sum;
}

function write() {
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST, { recursive: true });
  for (const [name, content] of files) writeFileSync(new URL(name, DIST), content);
}

function check() {
  const kept = readdirSync(DIST);
  const differs = [...files].filter(([name, content]) => {
    return !kept.includes(name) || !readFileSync(new URL(name, DIST)).equals(content);
  });
  const wrong = [...differs.map(([name]) => name), ...kept.filter((name) => !files.has(name))];
  if (wrong.length > 0) fail(`dist/ is not what the sources give: ${wrong.join(", ")}; run npm run build`);
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
