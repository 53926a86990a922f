// Makes `dist/`, which the Rust server embeds, and `api.d.ts`, what a page's author may use. `--check` writes nothing and
// fails when either is not what the sources give. Prints what each file weighs.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";
import { stylesAsText } from "./build-styles.mjs";
import { apiReport } from "./report.mjs";

const HERE = new URL(".", import.meta.url);
const DIST = new URL("dist/", HERE);
/** What a visitor may be made to load, compressed: a script, the worker and a language, the WebAssembly aside. Pages made
 * for somebody else's widget load its names as well. */
const GZIP_BYTES_MAX = { "widget.js": 20_000, "compat.js": 22_000 };
const { version } = JSON.parse(read("package.json"));

const worker = await script("../solver/browser/worker.ts");
const files = new Map([
  ["widget.js", await script("src/widget.ts")],
  ["compat.js", await script("src/compat.ts")],
  ["widget.embedded.js", await script("src/embedded.ts")],
  ["worker.js", worker],
  // Loaded where no worker starts.
  ["page.js", await script("../solver/browser/page-lane.ts", "esm")],
  ["cachewalk.wasm", readFileSync(new URL("../solver/cachewalk.wasm", HERE))],
  ...languages(),
]);

printSizes();
if (process.argv.includes("--check")) check();
else write();

function read(path) {
  return readFileSync(new URL(path, HERE), "utf8");
}

function languages() {
  const names = readdirSync(new URL("languages/", HERE))
    .filter((name) => name.endsWith(".json"))
    .sort();
  return names.map((name) => [
    `languages/${name}`,
    Buffer.from(`${JSON.stringify(JSON.parse(read(`languages/${name}`)))}\n`),
  ]);
}

async function script(path, format = "iife") {
  const { outputFiles } = await build({
    absWorkingDir: HERE.pathname,
    entryPoints: [path],
    bundle: true,
    minifySyntax: true,
    charset: "utf8",
    format,
    legalComments: "none",
    define: { SPIGOT_VERSION: JSON.stringify(version) },
    plugins: [stylesAsText, embedded()],
    // `sideEffects` of package.json is about the package; scripts are nothing but.
    ignoreAnnotations: path === "src/embedded.ts",
    // Browsers from 2020 on: those before lack too much of what a widget stands on.
    target: "es2020",
    write: false,
  });
  // Names and spaces by another tool: it inlines more, and every visitor loads the result.
  const { code } = await minify(outputFiles[0].text, {
    ecma: 2020,
    module: format === "esm",
    toplevel: true,
    compress: { passes: 3 },
    format: { comments: false },
  });
  return Buffer.from(`${code}\n`);
}

/** What `src/embedded/modules.d.ts` names. */
function embedded() {
  const parts = {
    worker: () => ({ loader: "text", contents: worker }),
    wasm: () => ({ loader: "binary", contents: readFileSync(new URL("../solver/cachewalk.wasm", HERE)) }),
    languages: () => ({
      loader: "json",
      contents: JSON.stringify(Object.fromEntries(languages().map(([name, text]) => [tagOf(name), JSON.parse(text)]))),
    }),
  };
  return {
    name: "embedded parts",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^embedded:/ }, ({ path }) => ({ path: path.slice("embedded:".length), namespace: "embedded" }));
      onLoad({ filter: /./, namespace: "embedded" }, ({ path }) => parts[path]());
    },
  };
}

function tagOf(name) {
  return name.slice("languages/".length, -".json".length);
}

function printSizes() {
  const compressed = (name) => (files.has(name) ? gzipSync(files.get(name), { level: 9 }).length : 0);
  for (const [name, content] of files) {
    if (!name.startsWith("languages/"))
      console.log(
        `${name.padEnd(19)}${String(content.length).padStart(7)} bytes${String(compressed(name)).padStart(7)} gzip`,
      );
  }
  const language = Math.max(...[...files.keys()].filter((name) => name.startsWith("languages/")).map(compressed));
  for (const [name, most] of Object.entries(GZIP_BYTES_MAX)) {
    const sum = compressed(name) + compressed("worker.js") + language;
    console.log(`${name}, worker.js and the longest language, without the WebAssembly: ${sum} gzip of ${most}`);
    if (sum > most) fail(`${name}: ${sum} bytes compressed; at most ${most}`);
  }
}

function write() {
  rmSync(DIST, { recursive: true, force: true });
  for (const [name, content] of files) {
    const url = new URL(name, DIST);
    mkdirSync(dirname(url.pathname), { recursive: true });
    writeFileSync(url, content);
  }
  writeFileSync(new URL("api.d.ts", HERE), apiReport());
}

function check() {
  const kept = readdirSync(DIST, { recursive: true }).filter((name) => name.includes("."));
  const differs = [...files].filter(([name, content]) => {
    return !kept.includes(name) || !readFileSync(new URL(name, DIST)).equals(content);
  });
  const wrong = [
    ...differs.map(([name]) => `dist/${name}`),
    ...kept.filter((name) => !files.has(name)).map((name) => `dist/${name}`),
  ];
  if (read("api.d.ts") !== apiReport()) wrong.push("api.d.ts");
  if (wrong.length > 0) fail(`not what the sources give: ${wrong.join(", ")}; run npm run build`);
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
