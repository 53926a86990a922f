// For everybody: axe, keyboard, what is spoken, small and zoomed screens, every state in light and dark.
// With SCREENSHOTS=<folder> it leaves pictures there.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { CSP, DECISION, DEFAULT, WIDGET, closeBrowser, isApplication, state, until, visit } from "./stub.mjs";

after(closeBrowser);

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const never = new Promise(() => {});
const submitForm = async (page, stub, value) => {
  await page.goto(`${stub.origin}/form`);
  await page.fill("[name=name]", value);
  await page.click("button");
};

/** How to get into each state. */
const scenes = {
  working: { options: { hold: never }, go: (page, stub) => page.goto(`${stub.origin}/a`) },
  asked: {
    options: { puzzle: WIDGET },
    async go(page, stub) {
      await page.goto(`${stub.origin}/a`);
      await page.getByText("I am a person").waitFor();
    },
  },
  going: { options: { stays: true }, go: (page, stub) => page.goto(`${stub.origin}/a`) },
  failed: { options: { answers: ["wrong"] }, go: (page, stub) => page.goto(`${stub.origin}/a`) },
  looping: { options: { setsCookie: false }, go: (page, stub) => page.goto(`${stub.origin}/a`).catch(() => {}) },
  cookies_off: {
    options: {},
    async go(page, stub) {
      await page.addInitScript(() => Object.defineProperty(navigator, "cookieEnabled", { value: false }));
      await page.goto(`${stub.origin}/a`);
    },
  },
  cannot_keep: { options: {}, go: (page, stub) => submitForm(page, stub, "x".repeat(2000)) },
  not_sent: {
    options: {},
    async go(page, stub) {
      await submitForm(page, stub, "x".repeat(2000));
      await state(page, "cannot_keep");
      await page.click("#action");
    },
  },
  already_sent: {
    options: { stays: true },
    async go(page, stub) {
      await submitForm(page, stub, "x");
      await state(page, "going");
      await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
    },
  },
};

async function violations(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((values) => axe.run({ runOnly: { type: "tag", values } }), TAGS);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

async function picture(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png` });
}

/** The card appears late and gently; what is measured before is not what is seen. */
const settled = (page) => page.waitForFunction(() => getComputedStyle(document.querySelector(".card")).opacity === "1");
const overflows = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

for (const colorScheme of ["light", "dark"]) {
  for (const [name, { options, go }] of Object.entries(scenes)) {
    test(`${name}, ${colorScheme}`, async () => {
      const context = { colorScheme, viewport: { width: 1280, height: 800 } };
      await visit({ ...options, context }, async ({ stub, page }) => {
        await go(page, stub);
        await state(page, name);
        await settled(page);
        assert.deepEqual(await violations(page), []);
        await picture(page, `${name}-${colorScheme}-1280`);
        for (const [width, height] of [[390, 844], [320, 568]]) {
          await page.setViewportSize({ width, height });
          assert.equal(await overflows(page), false, `${width} px`);
          await picture(page, `${name}-${colorScheme}-${width}`);
        }
      });
    });
  }

  test(`without JavaScript, ${colorScheme}`, async () => {
    const context = { colorScheme, javaScriptEnabled: false, viewport: { width: 390, height: 844 } };
    await visit({ context }, async ({ stub, page }) => {
      await page.goto(`${stub.origin}/a`);
      await page.waitForTimeout(700);
      await picture(page, `plain-${colorScheme}-390`);
      await page.setViewportSize({ width: 1280, height: 800 });
      await picture(page, `plain-${colorScheme}-1280`);
    });
  });

  test(`the waiting page, ${colorScheme}`, async () => {
    await visit({ context: { colorScheme } }, async ({ stub, page }) => {
      await page.goto(`${stub.origin}/.spigot/wait`);
      // Going on by itself is what this page is for; its button does not wait.
      assert.deepEqual((await violations(page)).filter((at) => !at.startsWith("meta-refresh")), []);
      await picture(page, `continue-${colorScheme}-1280`);
    });
  });
}

test("forced colours, every language, 200 % zoom: nothing is cut off", async () => {
  for (const locale of ["en-US", "de-DE", "es-ES", "fr-FR", "zh-CN"]) {
    const context = { locale, forcedColors: "active", viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 };
    await visit({ answers: ["wrong"], context }, async ({ stub, page }) => {
      await page.goto(`${stub.origin}/a`);
      await state(page, "failed");
      assert.equal(await page.getAttribute("html", "lang"), locale.slice(0, 2));
      assert.equal(await overflows(page), false);
      assert.deepEqual(await violations(page), []);
      await picture(page, `failed-${locale}-forced`);
    });
  }
  await visit({ hold: never, context: { forcedColors: "active" } }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`);
    await settled(page);
    await picture(page, "working-forced");
  });
});

test("the keyboard reaches everything, and the focus is seen", async () => {
  await visit({ answers: ["wrong"] }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`);
    await state(page, "failed");
    for (const id of ["action", "copy"]) {
      await page.keyboard.press("Tab");
      const focus = await page.evaluate(() => {
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
        return { id: document.activeElement.id, outlineStyle, outlineWidth };
      });
      assert.deepEqual(focus, { id, outlineStyle: "solid", outlineWidth: "3px" });
    }
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await isApplication(page);
  });
});

test("the id is copied, also where there is no clipboard to write to", async () => {
  for (const secure of [true, false]) {
    const context = { permissions: ["clipboard-read", "clipboard-write"] };
    await visit({ hold: never, context }, async ({ stub, page }) => {
      if (!secure) await page.addInitScript(() => (Clipboard.prototype.writeText = () => Promise.reject(new Error("no"))));
      await page.goto(`${stub.origin}/a`);
      await page.evaluate(() => navigator.clipboard.writeText("before").catch(() => {}));
      await page.click("#copy");
      await page.waitForFunction(() => document.getElementById("copy").textContent === "Copied");
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), DECISION);
      assert.equal(await page.textContent("#live"), "Copied");
    });
  }
});

/** Notes what the live region says, and how far the bar is. */
function listen() {
  window.said = [];
  window.values = [];
  document.addEventListener("DOMContentLoaded", () => {
    const live = document.getElementById("live");
    const bar = document.getElementById("progress");
    if (!live) return;
    new MutationObserver(() => keep("said", live.textContent)).observe(live, { childList: true });
    new MutationObserver(() => keep("values", bar.value)).observe(bar, { attributes: true });
  });
  function keep(name, value) {
    window[name].push(value);
    sessionStorage.setItem(name, JSON.stringify(window[name]));
  }
}
const noted = (page, name) => page.evaluate((key) => JSON.parse(sessionStorage.getItem(key) ?? "[]"), name);

test("a slow check is announced at its start, half and end, and its bar only grows", async () => {
  const csp = CSP.replace("worker-src 'self'", "worker-src 'none'").replace(" 'wasm-unsafe-eval'", "");
  await visit({ csp, puzzle: { ...DEFAULT, log2_n: 14 }, breaches: true }, async ({ stub, page }) => {
    await page.addInitScript(listen);
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
    assert.deepEqual(await noted(page, "said"), [
      "Checking. You do not need to do anything.",
      "Half done.",
      "Done. The page is opening.",
    ]);
    const values = await noted(page, "values");
    assert.ok(values.length > 10 && values.every((value, n) => n === 0 || value >= values[n - 1]));
    assert.equal(values.at(-1), 100);
  });
});

/** From then on the page's own time stands still until the test moves it, so that no machine is too slow or too fast. */
async function stopTheClock(page) {
  await page.clock.install({ time: 0 });
  await page.clock.pauseAt(1_000);
}

test("a quick check says nothing before its end", async () => {
  await visit({}, async ({ stub, page }) => {
    await page.addInitScript(listen);
    await stopTheClock(page);
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
    assert.deepEqual(await noted(page, "said"), ["Done. The page is opening."]);
  });
});

test("a check is quick up to 400 ms", async () => {
  await visit({ hold: never }, async ({ stub, page }) => {
    await page.addInitScript(listen);
    await stopTheClock(page);
    await page.goto(`${stub.origin}/a`);
    await until(() => stub.requests.includes("POST /.spigot/solve"));
    await page.clock.runFor(399);
    assert.deepEqual(await noted(page, "said"), []);
    await page.clock.runFor(1);
    await page.waitForFunction(() => window.said.length > 0);
    assert.deepEqual(await noted(page, "said"), ["Checking. You do not need to do anything."]);
  });
});

test("nothing moves when the state changes", async () => {
  await visit({ answers: ["wrong"] }, async ({ stub, page }) => {
    await page.addInitScript(() => {
      window.shift = 0;
      new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (window.shift += value))).observe({
        type: "layout-shift",
        buffered: true,
      });
    });
    await page.goto(`${stub.origin}/a`);
    await state(page, "failed");
    await page.waitForTimeout(300);
    assert.ok((await page.evaluate(() => window.shift)) < 0.01);
  });
});
