// What happens where a browser or a policy takes something away.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CSP, DEFAULT, PBKDF2, SMALL, closeBrowser, isApplication, visit } from "./stub.mjs";

after(closeBrowser);

const noWorkers = CSP.replace("worker-src 'self'", "worker-src 'none'");
const noWasm = CSP.replace(" 'wasm-unsafe-eval'", "");

async function solves(options, kernel) {
  await visit({ breaches: true, ...options }, async ({ stub, page }) => {
    if (options.init) await page.addInitScript(options.init);
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
    assert.equal(stub.submissions.length, 1);
    assert.equal(stub.submissions[0].kernel, kernel);
  });
}

test("no workers by policy: the page solves in slices", () => solves({ csp: noWorkers }, "wasm"));
test("no WebAssembly by policy: JavaScript in workers", () => solves({ csp: noWasm }, "js"));
test("neither", () => solves({ csp: noWorkers.replace(" 'wasm-unsafe-eval'", "") }, "js"));
test("sha256 without workers", () => solves({ csp: noWorkers, puzzle: { kind: "sha256", bits: 12 } }, "js"));
test("the WebAssembly is not there", () => solves({ missing: ["cachewalk.wasm"] }, "js"));
test("the worker's script is not there", () => solves({ missing: ["worker.js"] }, "wasm"));
test("no Worker at all", () => solves({ init: () => delete window.Worker }, "wasm"));
test("no WebAssembly at all", () => solves({ init: () => delete window.WebAssembly }, "js"));
test("no crypto.subtle, as on plain http", () => {
  return solves({ init: () => Object.defineProperty(crypto, "subtle", { value: undefined }) }, "wasm");
});

test("a worker that never answers", () => {
  return solves({ init: () => (window.Worker = class { postMessage() {} terminate() {} }) }, "wasm");
});

const jitless = ["--js-flags=--jitless"];

test("no compiler: another puzzle is asked for and solved by WebCrypto", async () => {
  await visit({ flags: jitless, fallback: PBKDF2, puzzle: DEFAULT }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
    assert.equal(stub.requests.filter((at) => at === "POST /.spigot/fallback").length, 1);
    assert.equal(stub.submissions.length, 1);
    assert.equal(stub.submissions[0].kernel, "webcrypto");
  });
});

test("no compiler and no workers: the page itself asks and solves", () => {
  return solves({ flags: jitless, fallback: PBKDF2, puzzle: DEFAULT, csp: noWorkers }, "webcrypto");
});

test("no compiler, and the server says no: the puzzle is done as it is", () => {
  return solves({ flags: jitless, fallback: "no", puzzle: SMALL }, "js");
});

test("no compiler and no crypto.subtle, as on plain http: the puzzle is done as it is", async () => {
  const init = () => Object.defineProperty(crypto, "subtle", { value: undefined });
  await solves({ flags: jitless, fallback: PBKDF2, puzzle: SMALL, init }, "js");
});

test("with a compiler no other puzzle is asked for", async () => {
  await visit({ fallback: PBKDF2 }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
    assert.ok(!stub.requests.includes("POST /.spigot/fallback"));
  });
});

test("a server without time gets the same submission again", async () => {
  await visit({ answers: ["busy"] }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
    assert.equal(stub.submissions.length, 2);
    assert.equal(stub.submissions[0].proof, stub.submissions[1].proof);
  });
});

test("the page stays alive while it solves itself", async () => {
  const puzzle = { ...DEFAULT, log2_n: 12 };
  await visit({ csp: noWorkers.replace(" 'wasm-unsafe-eval'", ""), puzzle, breaches: true }, async ({ stub, page }) => {
    await page.addInitScript(() => {
      let last = performance.now();
      window.longest = 0;
      const beat = () => {
        const now = performance.now();
        if (document.getElementById("progress")?.value > 5) window.longest = Math.max(window.longest, now - last);
        last = now;
        if (document.getElementById("card")) sessionStorage.setItem("longest", window.longest);
        setTimeout(beat);
      };
      beat();
    });
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
    const longest = Number(await page.evaluate(() => sessionStorage.getItem("longest")));
    assert.ok(longest > 0 && longest < 200, `${longest} ms without a turn`);
  });
});
