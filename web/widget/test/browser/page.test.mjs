// What the widget takes from the page around it: its language; and what a page takes from it: a secure context.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, form, got, NONCE, SITE_KEY, state, token, visit, widget } from "./stub.mjs";

after(closeBrowser);

/** Puts the widget into a shadow tree of `#host`. */
const inShadow = `<script nonce="${NONCE}">
  document.getElementById("host").attachShadow({ mode: "open" }).innerHTML = '<p lang="xx-unknown"></p><spigot-challenge site-key="${SITE_KEY}" mode="visible"></spigot-challenge>';
</script>`;

const languages = [
  ["the page's", "de", widget('mode="visible"'), "de"],
  ["the nearest around it", "de", `<div lang="fr-CA"><section>${widget('mode="visible"')}</section></div>`, "fr"],
  ["its own attribute lang", "de", `<div lang="fr">${widget('mode="visible" lang="ja"')}</div>`, "ja"],
  ["its own option, before all", "de", `<div lang="fr">${widget('mode="visible" language="zh-TW"')}</div>`, "zh-Hant"],
  ["around the shadow tree that it stands in", "de", `<div lang="he"><div id="host"></div></div>${inShadow}`, "he"],
  ["one that there is not: the browser's", "xx", widget('mode="visible"'), "el"],
  ["an empty one: the browser's", "de", `<div lang="">${widget('mode="visible"')}</div>`, "el"],
];
for (const [name, language, body, expected] of languages) {
  test(`the language is ${name}: ${expected}`, async () => {
    await visit({ language, body: `<form>${body}</form>`, context: { locale: "el-GR" } }, async ({ page, stub }) => {
      const box = page.locator("spigot-challenge .box");
      await box.waitFor();
      await page.locator(`spigot-challenge .box[lang="${expected}"]`).waitFor();
      assert.equal(stub.asked[0].language, expected);
      assert.equal(await box.getAttribute("dir"), expected === "he" ? "rtl" : "ltr");
    });
  });
}

test("plain http at a name that no browser trusts: no WebCrypto, and it works", async () => {
  const flags = ["--host-resolver-rules=MAP shop.test 127.0.0.1"];
  await visit({ flags, go: false, body: form(widget()) }, async ({ page, stub }) => {
    const origin = `http://shop.test:${new URL(stub.origin).port}`;
    stub.own.push(`${origin}/`);
    await page.goto(`${origin}/`);
    assert.deepEqual(await page.evaluate(() => [isSecureContext, typeof crypto.subtle]), [false, "undefined"]);
    assert.equal(await token(page), "token-1");
    await page.click("button");
    assert.equal((await got(page))["spigot-response"], "token-1");
  });
});

test("the progress bar has a name, begins at nothing, only grows, and is gone at the end", async () => {
  const init = () => {
    // Every value, as it is set.
    const { get, set } = Object.getOwnPropertyDescriptor(HTMLProgressElement.prototype, "value");
    window.values = [];
    Object.defineProperty(HTMLProgressElement.prototype, "value", { get, set(value) { window.values.push(value); set.call(this, value); } });
  };
  const puzzle = { kind: "cachewalk", log2_n: 11, grind: 200, open: 3 };
  let finish;
  const hold = new Promise((resolve) => (finish = resolve));
  await visit({ puzzle, init, hold, interaction: "press", body: form(widget()) }, async ({ page, stub }) => {
    await state(page, "press");
    await page.click("spigot-challenge .go");
    // The solution is sent, and the service takes its time.
    await page.waitForFunction(() => window.values.some((value) => value > 0));
    const bar = page.getByRole("progressbar", { name: "Checking…" });
    await bar.waitFor();
    assert.equal(await bar.getAttribute("max"), "100");
    finish();
    await token(page);
    assert.equal(await bar.count(), 0);
    const values = await page.evaluate(() => window.values);
    assert.equal(values[0], 0);
    assert.deepEqual(values, [...values].sort((a, b) => a - b));
    assert.ok(new Set(values).size > 3 && values.at(-1) > 50 && values.at(-1) <= 100, String(values));
    assert.equal(stub.submissions.length, 1);
  });
});
