// How long the default puzzle takes here in Chromium: the solve as the page submits it, and from the request to the
// application's page. Medians and the worst of 20 runs, each in a new profile.

import { CSP, DEFAULT, closeBrowser, isApplication, visit } from "./stub.mjs";

const RUNS = 20;
const noWorkers = CSP.replace("worker-src 'self'", "worker-src 'none'");
const noWasm = (csp) => csp.replace(" 'wasm-unsafe-eval'", "");

function summary(times) {
  times.sort((a, b) => a - b);
  return `${Math.round(times[times.length >> 1])} ms median, ${Math.round(times.at(-1))} ms worst`;
}

async function measure(name, csp, init) {
  const solves = [];
  const wholes = [];
  for (let run = 0; run < RUNS; run++) {
    await visit({ csp, puzzle: DEFAULT, breaches: true }, async ({ stub, page }) => {
      if (init) await page.addInitScript(init);
      const start = performance.now();
      await page.goto(`${stub.origin}/a`);
      await isApplication(page);
      wholes.push(performance.now() - start);
      solves.push(stub.submissions[0].millis);
    });
  }
  console.log(`${name}: solve ${summary(solves)}; whole ${summary(wholes)}`);
}

await measure("workers, WebAssembly", CSP);
await measure("one worker, WebAssembly", CSP, () => {
  Object.defineProperty(navigator, "hardwareConcurrency", { value: 1 });
});
await measure("workers, JavaScript", noWasm(CSP));
await measure("page, WebAssembly", noWorkers);
await measure("page, JavaScript", noWasm(noWorkers));
await closeBrowser();
