// What happens where a browser or a policy takes something away.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CSP, DEFAULT, PBKDF2, SMALL, closeBrowser, isApplication, until, visit } from "./stub.mjs";

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

test("no compiler, and another network meanwhile: the other puzzle all the same", async () => {
  const options = { flags: jitless, fallback: PBKDF2, fallbackAnswers: ["other_network"], puzzle: DEFAULT };
  await visit(options, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
    assert.deepEqual(stub.submissions.map(({ kernel }) => kernel), ["webcrypto"]);
  });
});

/** The puzzle is done as it is, and the visitor reads and hears that this takes longer. */
async function slowly(options, locale, text) {
  let letGo;
  const hold = new Promise((resolve) => (letGo = resolve));
  await visit({ flags: jitless, puzzle: SMALL, hold, ...options, context: { locale } }, async ({ stub, page }) => {
    if (options.init) await page.addInitScript(options.init);
    await page.goto(`${stub.origin}/a`);
    await until(() => stub.requests.includes("POST /.spigot/solve"));
    assert.match(await page.textContent("#text"), text);
    // Half-way and the end may be spoken of by now; the sentence came before them.
    assert.ok((await page.evaluate(() => window.said)).some((said) => text.test(said)));
    letGo();
    await isApplication(page);
    assert.equal(stub.submissions[0].kernel, "js");
  });
}

const listen = () => {
  window.said = [];
  addEventListener("DOMContentLoaded", () => {
    const live = document.getElementById("live");
    if (live) new MutationObserver(() => window.said.push(live.textContent)).observe(live, { childList: true });
  });
};
const plainHttp = () => Object.defineProperty(crypto, "subtle", { value: undefined });

test("no compiler, and the server says no: done as it is, and said to take longer", () => {
  return slowly({ fallback: "no", init: listen }, "en-US", /it takes longer/);
});

test("no compiler, and no other puzzle for this level: done as it is, and said to take longer", () => {
  return slowly({ init: listen }, "en-US", /it takes longer/);
});

for (const [locale, text] of Object.entries({
  "ar-EG": /وقتًا أطول/, "de-DE": /dauert es länger/, "en-US": /it takes longer/,
  "es-ES": /tarda más/, "fr-FR": /prend plus de temps/, "zh-CN": /更长时间/,
})) {
  test(`no compiler and no crypto.subtle, as on plain http: said to take longer, ${locale}`, () => {
    return slowly({ fallback: PBKDF2, init: `(${listen})(); (${plainHttp})()` }, locale, text);
  });
}

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

// In work and not in milliseconds: a busy machine may let any page wait, however little it does in a turn.
test("the page stays alive while it solves itself: a turn is a small part of the work", async () => {
  const puzzle = { ...DEFAULT, log2_n: 12 };
  await visit({ csp: noWorkers.replace(" 'wasm-unsafe-eval'", ""), puzzle, breaches: true }, async ({ stub, page }) => {
    await page.addInitScript(() => {
      let last = 0;
      let most = 0;
      let beats = 0;
      const keep = () => sessionStorage.setItem("turns", JSON.stringify({ most, beats }));
      addEventListener("DOMContentLoaded", () => {
        const bar = document.getElementById("progress");
        if (!bar) return;
        const beat = () => {
          if (bar.value > 0 && bar.value < 100) beats++;
          setTimeout(beat);
        };
        beat();
        // Observers are called at the end of a turn: what the bar has moved since the last is what was done in one.
        new MutationObserver(() => {
          if (bar.value < 100) most = Math.max(most, bar.value - last);
          last = bar.value;
          keep();
        }).observe(bar, { attributes: true });
      });
    });
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
    const { most, beats } = await page.evaluate(() => JSON.parse(sessionStorage.getItem("turns")));
    assert.ok(most > 0 && most < 12, `${most} % of the work in one turn`);
    assert.ok(beats >= 3, `timers ran ${beats} times meanwhile`);
  });
});
