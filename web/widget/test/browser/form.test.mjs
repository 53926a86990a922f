// The widget in forms: the fields, a form that is sent too early, twice, again after an error.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, form, got, state, token, visit, widget } from "./stub.mjs";

after(closeBrowser);

test("a plain form carries the token", async () => {
  await visit({ body: form(widget('action="log-in" data="42" compat-fields="cf-turnstile-response g-recaptcha-response"')) }, async ({ stub, page }) => {
    assert.equal(await token(page), "token-1");
    await page.click("button");
    const fields = await got(page);
    assert.equal(fields["spigot-response"], "token-1");
    assert.equal(fields["cf-turnstile-response"], "token-1");
    assert.equal(fields["g-recaptcha-response"], "token-1");
    assert.equal(fields.which, "send");
    const [{ action, data, protocol, interactive, language }] = stub.asked;
    assert.deepEqual({ action, data, protocol, interactive, language }, { action: "log-in", data: "42", protocol: 1, interactive: false, language: "en" });
    assert.deepEqual(stub.requests.filter((at) => at.includes("languages")), []);
  });
});

test("a form that is sent before the token is there waits for it, and goes with the button that was pressed", async () => {
  let letGo;
  const hold = new Promise((resolve) => (letGo = resolve));
  await visit({ hold, body: form(widget()) }, async ({ stub, page }) => {
    await page.fill("[name=name]", "kept");
    await state(page, "working");
    await page.click("button");
    assert.deepEqual(stub.posts, []);
    letGo();
    const fields = await got(page);
    assert.deepEqual([fields.name, fields.which, fields["spigot-response"]], ["kept", "send", "token-1"]);
    assert.equal(stub.posts.length, 1);
  });
});

for (const auto of ["focus", "submit", "off"]) {
  test(`auto=${auto}: nothing is asked before`, async () => {
    await visit({ body: form(widget(`auto="${auto}"`)) }, async ({ stub, page }) => {
      await page.waitForFunction(() => customElements.get("spigot-challenge"));
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
      assert.equal(stub.asked.length, 0);
      await page.focus("[name=name]");
      if (auto === "focus") assert.equal(await token(page), "token-1");
      await page.click("button");
      assert.equal((await got(page))["spigot-response"], "token-1");
      assert.equal(stub.asked.length, 1);
    });
  });
}
