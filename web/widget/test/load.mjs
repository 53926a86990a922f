// Loads a TypeScript module for a test, bundled as the build does it.

import { buildSync } from "esbuild";

export async function load(path) {
  const { outputFiles } = buildSync({
    absWorkingDir: new URL("..", import.meta.url).pathname,
    entryPoints: [path],
    bundle: true,
    format: "esm",
    target: "es2020",
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
