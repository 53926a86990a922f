// The package: for pages that bundle the widget instead of loading its script.

import { createApi } from "./api.js";
import { baseFrom, FOLDER } from "./base.js";
import { defineElement } from "./element.js";
import type { Spigot } from "./types.js";

export type * from "./types.js";

export interface InstallOptions {
  /** The folder of the service's files, `https://…/.spigot/widget/`. Without, that folder on the page's own site. */
  base?: string;
  /** For browsers before 2023 on pages whose policy asks for one on styles. */
  nonce?: string;
}

let installed: Spigot | undefined;

/** Defines `<spigot-challenge>` and gives its calls. The first call says where the service is; call it in a browser. */
export function install(options: InstallOptions = {}): Spigot {
  if (installed === undefined) {
    defineElement({ base: baseFrom(options.base ?? FOLDER, document.baseURI), nonce: options.nonce });
    installed = createApi();
  }
  return installed;
}
