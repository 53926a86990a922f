// How long the default puzzle takes here in Chromium: the solve as the page submits it, and from the request to the
// application's page. RUNS visits (50 unless told), one after the other in a browser that stands, as a visitor's does;
// the first is not counted. What else the machine does is in the figures: run it alone.
//
//   npm run measure            RUNS=20 npm run measure            npm run measure -- "workers, Web"
//
// With the beginning of a row's name only those rows.

import { CSP, DEFAULT, closeBrowser, isApplication, visit } from "./stub.mjs";

const wanted = process.argv[2] ?? "";
const RUNS = Number(process.env.RUNS ?? 50);
const noWorkers = CSP.replace("worker-src 'self'", "worker-src 'none'");
const noWasm = (csp) => csp.replace(" 'wasm-unsafe-eval'", "");

function summary(times) {
  times.sort((a, b) => a - b);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const spread = Math.sqrt(times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / times.length) / mean;
  const at = (share) => Math.round(times[Math.min(times.length - 1, Math.floor(share * times.length))]);
  return `${at(0.5)} ms median, ${at(0.95)} ms p95, spread ${spread.toFixed(2)}`;
}

async function measure(name, csp, init) {
  if (!name.startsWith(wanted)) return;
  const wholes = [];
  await visit({ csp, puzzle: DEFAULT, breaches: true }, async ({ stub, page, context }) => {
    if (init) await page.addInitScript(init);
    for (let run = 0; run <= RUNS; run++) {
      // A new visitor, but for the browser's own caches.
      await context.clearCookies();
      if (run > 0) await page.evaluate(() => sessionStorage.clear());
      const start = performance.now();
      await page.goto(`${stub.origin}/a`);
      // The application's own; who asks again and again whether it is there adds the pauses between.
      await page.waitForEvent("load");
      wholes.push(performance.now() - start);
      await isApplication(page);
    }
    const solves = stub.submissions.map(({ millis }) => millis);
    console.log(`${name}: solve ${summary(solves.slice(1))}; whole ${summary(wholes.slice(1))}`);
  });
}

await measure("workers, WebAssembly", CSP);
await measure("one worker, WebAssembly", CSP, () => {
  Object.defineProperty(navigator, "hardwareConcurrency", { value: 1 });
});
await measure("workers, JavaScript", noWasm(CSP));
await measure("page, WebAssembly", noWorkers);
await measure("page, JavaScript", noWasm(noWorkers));
await closeBrowser();
