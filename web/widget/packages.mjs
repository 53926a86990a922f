// Makes what npm publishes: `package/` here, in `../react` and in `../vue`, a module and its declarations each. It is not
// kept in the tree.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { stylesAsText } from "./build-styles.mjs";
import { declarations } from "./report.mjs";

const HERE = new URL(".", import.meta.url);
const { version } = JSON.parse(readFileSync(new URL("package.json", HERE), "utf8"));

for (const folder of ["", "../react/", "../vue/"]) {
  const out = new URL(`${folder}package/`, HERE);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await build({
    absWorkingDir: HERE.pathname,
    entryPoints: [`${folder}src/index.ts`],
    outfile: new URL("index.js", out).pathname,
    bundle: true,
    format: "esm",
    target: "es2020",
    charset: "utf8",
    external: folder === "" ? [] : ["@spigot/widget", "react", "vue"],
    define: { SPIGOT_VERSION: JSON.stringify(version) },
    plugins: [stylesAsText],
  });
  writeFileSync(
    new URL("index.d.ts", out),
    declarations(`${folder}src/index.ts`).replace(/"\.\/types\.js"/g, '"./types.d.ts"'),
  );
  if (folder === "") writeFileSync(new URL("types.d.ts", out), declarations("src/types.ts"));
}
