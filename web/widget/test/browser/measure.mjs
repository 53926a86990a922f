// How long a check takes here in Chromium at the default difficulty: the solve as the widget submits it, and from the
// page's request to the token. Median, 95th percentile and spread (CV) of 50 runs, each in a new profile.

import { DEFAULT, closeBrowser, form, token, visit, widget } from "./stub.mjs";

const RUNS = Number(process.argv[2] ?? 50);
const WANTED = { median: 400, p95: 700, cv: 0.25 };

function summary(times) {
  times.sort((a, b) => a - b);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const cv = Math.sqrt(times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / times.length) / mean;
  const at = (share) => Math.round(times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)]);
  return { median: at(0.5), p95: at(0.95), cv: Number(cv.toFixed(2)) };
}

async function measure(name, options = {}) {
  const solves = [];
  const wholes = [];
  for (let run = 0; run < RUNS; run++) {
    await visit({ puzzle: DEFAULT, body: form(widget()), go: false, ...options }, async ({ stub, page }) => {
      const start = performance.now();
      await page.goto(`${stub.origin}/`);
      await token(page);
      wholes.push(performance.now() - start);
      solves.push(stub.submissions[0].millis);
    });
  }
  const solve = summary(solves);
  const { median, p95, cv } = summary(wholes);
  console.log(`${name}: solve ${solve.median} ms median, ${solve.p95} ms p95, CV ${solve.cv}; from the request ${median} ms median, ${p95} ms p95, CV ${cv}`);
  return solve;
}

const solve = await measure("workers, WebAssembly");
console.log(`wanted of the solve: under ${WANTED.median} ms, ${WANTED.p95} ms, ${WANTED.cv}: ${Object.keys(WANTED).every((name) => solve[name] < WANTED[name]) ? "met" : "not met"}`);
await measure("workers, WebAssembly, the service on another origin", { elsewhere: true });
await closeBrowser();
