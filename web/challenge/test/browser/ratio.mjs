// What a leaf costs natively and in a worker of a real Chromium, in turns on this machine, and the ratio: how much faster
// a native solver is than a visitor's browser. Build the native side first:
//
//   cargo build --release -p spigot-cachewalk --example measure
//   npm run ratio
//
// Each turn runs one after the other, so that a busy neighbour slows both; the best of all turns counts.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { closeBrowser, openBrowser } from "./stub.mjs";

const TURNS = Number(process.env.TURNS ?? 12);
const native = process.env.NATIVE ?? fileURLToPath(new URL("../../../../target/release/examples/measure", import.meta.url));
const dist = (name) => readFileSync(new URL(`../../dist/${name}`, import.meta.url));
const types = { "/worker.js": "text/javascript", "/cachewalk.wasm": "application/wasm", "/": "text/html" };

const server = createServer((request, response) => {
  const type = types[request.url];
  if (type === undefined) return response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": type }).end(request.url === "/" ? "<!doctype html>" : dist(request.url.slice(1)));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const page = await (await (await openBrowser()).newContext()).newPage();
await page.goto(`http://127.0.0.1:${server.address().port}/`);

/** Best microseconds of a leaf, in the page's own worker, over rounds of 40 leaves: short enough to fit between two neighbours. */
const inWorker = (wants) =>
  page.evaluate(async (wasmWanted) => {
    const wasm = wasmWanted ? await (await fetch("/cachewalk.wasm")).arrayBuffer() : undefined;
    const worker = new Worker("/worker.js");
    const ask = (message) =>
      new Promise((resolve) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.postMessage(message);
      });
    await ask({ wasm });
    let best = Infinity;
    for (let round = 0; round < 60; round++) {
      const start = performance.now();
      await ask({ task: { do: "leaves", leaf: "cachewalk", key: new Uint32Array(8), first: 40 * round, count: 40 } });
      best = Math.min(best, (1000 * (performance.now() - start)) / 40);
    }
    worker.terminate();
    return best;
  }, wants === "wasm");

const best = { native: Infinity, wasm: Infinity, js: Infinity };
for (let turn = 0; turn < TURNS; turn++) {
  const [micros] = execFileSync(native, ["leaf"], { encoding: "utf8" }).split(" ").map(Number);
  best.native = Math.min(best.native, micros);
  for (const kind of ["wasm", "js"]) best[kind] = Math.min(best[kind], await inWorker(kind));
}
const ratio = (kind) => (best[kind] / best.native).toFixed(2);
console.log(`a leaf: native ${best.native.toFixed(1)} µs, WebAssembly ${best.wasm.toFixed(1)} µs (${ratio("wasm")} times), JavaScript ${best.js.toFixed(1)} µs (${ratio("js")} times)`);
await closeBrowser();
server.close();
