import { readFileSync } from "node:fs";
import { transformSync } from "esbuild";

/** Styles as a text that the script puts into its shadow tree. */
export const stylesAsText = {
  name: "styles as text",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, ({ path }) => {
      const target = ["chrome80", "firefox78", "safari13"];
      const { code } = transformSync(readFileSync(path, "utf8"), { loader: "css", minify: true, target });
      return { contents: code.trim(), loader: "text" };
    });
  },
};
