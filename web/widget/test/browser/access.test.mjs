// For everybody: axe, names and what is spoken, small and zoomed screens, forced colours, reduced motion, every state in
// light and dark, languages. With SCREENSHOTS=<folder> it leaves pictures there.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { DEFAULT, closeBrowser, form, state, token, visit, widget } from "./stub.mjs";

after(closeBrowser);

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const never = new Promise(() => {});
const GO = "spigot-challenge .go";

/** How to get into each state, with the box shown. */
const scenes = {
  working: { options: { interaction: "press", hold: never }, async go(page) { await state(page, "press"); await page.click(GO); await state(page, "working"); } },
  press: { options: { interaction: "press" }, go: (page) => state(page, "press") },
  done: { options: { interaction: "press" }, async go(page) { await state(page, "press"); await page.click(GO); await token(page); } },
  failed: { options: { challenges: ["restricted"] }, go: (page) => state(page, "failed") },
  setup: { options: { challenges: ["site_key_unknown"] }, go: (page) => state(page, "failed") },
  expired: { options: { life: 50 }, attributes: 'refresh-expired="manual"', go: (page) => state(page, "expired") },
  held: { options: { interaction: "press" }, attributes: 'auto="submit"', async go(page) {
    await page.waitForFunction(() => customElements.get("spigot-challenge"));
    await page.click("[name=which]");
    await state(page, "press");
  } },
  dialog: { options: { interaction: "press" }, attributes: 'mode="invisible"', go: (page) => state(page, "press") },
  "dialog working": { options: { interaction: "press", hold: never }, attributes: 'mode="invisible"', async go(page) {
    await state(page, "press");
    await page.click(GO);
    // Shown where a form waits for it.
    await page.evaluate(() => document.querySelector("form").requestSubmit());
    await page.waitForSelector("spigot-challenge dialog[open] .working");
  } },
  "dialog failed": { options: { challenges: ["restricted"] }, attributes: 'mode="invisible" auto="submit"', async go(page) {
    await page.waitForFunction(() => customElements.get("spigot-challenge"));
    await page.click("[name=which]");
    await page.waitForSelector("spigot-challenge dialog[open] .failed");
  } },
  idle: { options: {}, attributes: 'mode="visible" auto="off"', go: (page) => state(page, "idle") },
  always: { options: { hold: never }, attributes: 'appearance="always"', go: (page) => state(page, "working") },
  slow: { options: { hold: never, puzzle: DEFAULT, flags: ["--js-flags=--jitless"] }, go: (page) => page.waitForFunction(() => /minute/.test(document.querySelector("spigot-challenge").shadowRoot?.querySelector(".text")?.textContent)) },
  unreachable: { options: { init: () => (window.fetch = () => Promise.reject(new TypeError("away"))) }, attributes: 'retry="never"', go: (page) => state(page, "failed") },
  "timed out": { options: { interaction: "press", challengeLife: 200 }, attributes: 'refresh-timeout="never"', go: (page) => state(page, "failed") },
  "timed out, another press asked for": { options: { interaction: "press", challengeLife: 200 }, attributes: 'refresh-timeout="manual"', go: (page) => state(page, "expired") },
};

/** A ring that turns has corners that stick out, which nobody sees: it stands still where it is large. Small screens with the dark ones; letters of twice the size with the colours that the visitor forces. */
const looks = {
  light: { context: { colorScheme: "light", viewport: { width: 800, height: 400 } } },
  dark: { context: { colorScheme: "dark", viewport: { width: 320, height: 480 } }, style: "<style>body { background: #12151a; color: #e9edf3 }</style>" },
  forced: { context: { forcedColors: "active", reducedMotion: "reduce", viewport: { width: 640, height: 480 }, deviceScaleFactor: 2 }, style: "<style>html { font-size: 200% }</style>" },
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

const texts = (page, language) => page.waitForFunction((of) => document.querySelector("spigot-challenge").shadowRoot?.querySelector(".box").lang === of, language);
/** Whether something sticks out of the window, or of the box. */
const overflows = (page) => page.evaluate(() => {
  const box = document.querySelector("spigot-challenge").shadowRoot.querySelector(".box");
  return document.documentElement.scrollWidth > innerWidth || box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
});

for (const [name, { options, attributes = "", go }] of Object.entries(scenes)) {
  for (const [look, { context, style = "" }] of Object.entries(looks)) {
    test(`${name}, ${look}`, async () => {
      await visit({ ...options, context, body: style + form(widget(attributes)) }, async ({ page }) => {
        await go(page);
        await page.waitForSelector("spigot-challenge .box");
        assert.deepEqual(await violations(page), []);
        assert.equal(await overflows(page), false);
        await picture(page, `${name}-${look}`);
      });
    });
  }
}

for (const size of ["normal", "flexible", "compact"]) {
  test(`${size}: as large as pages reckon with`, async () => {
    await visit({ interaction: "press", body: form(widget(`size="${size}"`)) }, async ({ page }) => {
      await state(page, "press");
      const { width, height } = await page.locator("spigot-challenge .box").boundingBox();
      if (size === "flexible") assert.ok(width > 300 && height === 65, `${width}x${height}`);
      else assert.deepEqual([width, height], size === "normal" ? [300, 65] : [150, 140]);
      await picture(page, `size-${size}`);
    });
  });
}

test("every state in the longest languages, right to left, at 200 % and in forced colours: nothing is cut off", async () => {
  for (const [locale, size] of [["de-DE", "normal"], ["el-GR", "compact"], ["ar-EG", "normal"], ["ur-PK", "compact"], ["ja-JP", "normal"], ["zh-TW", "compact"]]) {
    const language = { "zh-TW": "zh-Hant" }[locale] ?? locale.slice(0, 2);
    const context = { locale, forcedColors: "active", viewport: { width: 320, height: 480 }, deviceScaleFactor: 2 };
    for (const code of ["site_key_unknown", undefined]) {
      const options = code === undefined ? { interaction: "press" } : { challenges: [code] };
      const body = `<style>html { font-size: 200% }</style>${form(widget(`size="${size}"`))}`;
      await visit({ ...options, context, language: "", body }, async ({ page }) => {
        await page.evaluate(() => document.documentElement.removeAttribute("lang"));
        await page.evaluate(() => document.querySelector("spigot-challenge").setAttribute("language", ""));
        await state(page, code === undefined ? "press" : "failed");
        await texts(page, language);
        assert.equal(await overflows(page), false, `${locale} ${size} ${code}`);
        const { dir } = await page.$eval("spigot-challenge .box", ({ dir }) => ({ dir }));
        assert.equal(dir, ["ar", "ur"].includes(language) ? "rtl" : "ltr");
        await picture(page, `${locale}-${size}-${code ?? "press"}-forced`);
      });
    }
  }
});

const listen = () => {
  window.said = [];
  document.addEventListener("spigot-state", () => {
    const live = document.querySelector("spigot-challenge").shadowRoot?.querySelector("[role=status]");
    if (live && !live.heard) {
      live.heard = true;
      new MutationObserver(() => live.textContent && window.said.push(live.textContent)).observe(live, { childList: true });
    }
  });
};

test("what is spoken: the button's name, the work, the end, and nothing else", async () => {
  await visit({ interaction: "press", init: listen, body: form(widget()) }, async ({ page }) => {
    await state(page, "press");
    assert.equal(await page.getByRole("button", { name: "I am not a robot" }).count(), 1);
    assert.equal(await page.getByRole("group", { name: "Check against robots" }).count(), 1);
    await page.click(GO);
    await token(page);
    assert.deepEqual(await page.evaluate(() => window.said.filter((text, n, all) => text !== all[n - 1])), ["Checking…", "Done"]);
  });
});

test("the focus is seen, and reduced motion stops the ring", async () => {
  await visit({ interaction: "press", hold: never, context: { reducedMotion: "reduce" }, body: form(widget()) }, async ({ page }) => {
    await state(page, "press");
    await page.focus("[name=mail]");
    await page.keyboard.press("Tab");
    const outline = await page.$eval(GO, (button) => getComputedStyle(button).outline);
    assert.match(outline, /solid 3px/);
    await picture(page, "focus");
    await page.keyboard.press("Enter");
    await state(page, "working");
    assert.equal(await page.$eval("spigot-challenge .icon", (icon) => getComputedStyle(icon).animationName), "none");
  });
});

test("a managed check that is not noticed takes no room", async () => {
  await visit({ body: `<div style="display: flex; gap: 10px"><b>a</b>${widget()}<b>b</b></div>` }, async ({ page }) => {
    await state(page, "done");
    const [a, b] = await page.$$eval("b", (all) => all.map((node) => node.getBoundingClientRect().left));
    const width = await page.$eval("b", (node) => node.getBoundingClientRect().width);
    assert.equal(Math.round(b - a - width), 10);
  });
});
