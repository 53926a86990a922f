// What `widget.embedded.js` brings along: the worker, the WebAssembly, the solver for pages without workers, every language.

import languages from "embedded:languages";
import wasm from "embedded:wasm";
import worker from "embedded:worker";
import { pageLane } from "../../../solver/browser/page-lane.js";
import { parts } from "../parts.js";

parts.worker = worker;
parts.wasm = URL.createObjectURL(new Blob([wasm], { type: "application/wasm" }));
parts.page = pageLane;
parts.languages = languages;
