// The script for pages: defines `<spigot-challenge>` and `window.spigot`.

import { createApi } from "./api.js";
import { baseOf, ownScript } from "./base.js";
import { defineElement } from "./element.js";
import type { Spigot } from "./types.js";

const script = ownScript();
const page = window as { spigot?: Spigot };

defineElement({ base: baseOf(script?.src || undefined, document.baseURI), nonce: script?.nonce || undefined });
page.spigot ??= createApi();
