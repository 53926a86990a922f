// What a script brings along instead of loading it from the service: nothing, but for `widget.embedded.js`.

import type { Lane } from "../../solver/browser/lanes.js";
import type en from "../languages/en.json";

export interface Parts {
  /** The worker's text. */
  worker?: string;
  /** An address of the WebAssembly in this page. */
  wasm?: string;
  page?: (wasm: ArrayBuffer | undefined) => Lane;
  languages?: Readonly<Record<string, typeof en>>;
}

/** Set before the element is defined. */
export const parts: Parts = {};
