// Makes `dist/`, which the Rust server embeds, and the packages' `api.d.ts`, what an author may use. `--check` writes
// nothing and fails when either is not what the sources give. Prints what each file weighs.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";
import { stylesAsText } from "./build-styles.mjs";
import { privateNames } from "./private-names.mjs";
import { apiReports } from "./report.mjs";

const HERE = new URL(".", import.meta.url);
const DIST = new URL("dist/", HERE);
/** What a visitor may be made to load, compressed: a script, the worker and a language, the WebAssembly aside. Pages made
 * for somebody else's widget load its names as well: by gzip they are above, which goes to those who take no Brotli. */
const BYTES_MAX = { "widget.js": { brotli: 20_000, gzip: 20_000 }, "compat.js": { brotli: 20_000, gzip: 22_000 } };
/** The server sends what lies beside a file under its name and this, to whoever takes it. */
const BROTLI = ".br";
const { version } = JSON.parse(read("package.json"));

const ownNames = privateNames([new URL("src/", HERE), new URL("../solver/browser/", HERE)]);
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
    mangle: { properties: { regex: new RegExp(`^(${ownNames.join("|")})$`) } },
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
  const compressed = { gzip: (file) => gzipSync(file, { level: 9 }).length, brotli: (file) => brotliCompressSync(file).length };
  for (const [name, content] of files) {
    if (!name.startsWith("languages/"))
      console.log(
        `${name.padEnd(19)}${String(content.length).padStart(7)} bytes${String(compressed.gzip(content)).padStart(7)} gzip${String(compressed.brotli(content)).padStart(7)} brotli`,
      );
  }
  for (const [coding, weigh] of Object.entries(compressed)) {
    const language = Math.max(...languages().map(([, content]) => weigh(content)));
    for (const [name, { [coding]: most }] of Object.entries(BYTES_MAX)) {
      const sum = weigh(files.get(name)) + weigh(worker) + language;
      console.log(`${name}, worker.js and the longest language, without the WebAssembly: ${sum} ${coding} of ${most}`);
      if (sum > most) fail(`${name}: ${sum} bytes by ${coding}; at most ${most}`);
    }
  }
}

function write() {
  rmSync(DIST, { recursive: true, force: true });
  for (const [name, content] of files) {
    const url = new URL(name, DIST);
    mkdirSync(dirname(url.pathname), { recursive: true });
    writeFileSync(url, content);
    writeFileSync(new URL(`${name}${BROTLI}`, DIST), brotliCompressSync(content));
  }
  for (const [file, report] of apiReports()) writeFileSync(new URL(file, HERE), report);
}

function check() {
  const kept = readdirSync(DIST, { recursive: true }).filter((name) => name.includes("."));
  const differs = [...files].filter(([name, content]) => {
    const beside = `${name}${BROTLI}`;
    if (!kept.includes(name) || !kept.includes(beside)) return true;
    // Another version of the library may compress otherwise.
    const forms = [readFileSync(new URL(name, DIST)), brotliDecompressSync(readFileSync(new URL(beside, DIST)))];
    return forms.some((form) => !form.equals(content));
  });
  const wrong = [
    ...differs.map(([name]) => `dist/${name}`),
    ...kept.filter((name) => !files.has(name.endsWith(BROTLI) ? name.slice(0, -BROTLI.length) : name)).map((name) => `dist/${name}`),
  ];
  for (const [file, report] of apiReports()) if (read(file) !== report) wrong.push(file);
  if (wrong.length > 0) fail(`not what the sources give: ${wrong.join(", ")}; run npm run build`);
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
