import { buildSync } from "esbuild";
import { loaderOf } from "../../solver/test/load.mjs";

export const load = loaderOf(buildSync, import.meta.url);
