// Loads TypeScript modules for tests, bundled as the build does it.

/** `buildSync` is esbuild's, which the packages bring along that need it; `test` is the address of a file in their test folder. */
export function loaderOf(buildSync, test) {
  return async (path) => {
    const { outputFiles } = buildSync({
      absWorkingDir: new URL("..", test).pathname,
      entryPoints: [path],
      bundle: true,
      format: "esm",
      target: "es2020",
      write: false,
    });
    return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
  };
}
