// The visible step: a press, by pointer, keyboard or a tool; in its place, in a dialog; in time and too late.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, form, got, state, token, visit, widget } from "./stub.mjs";

after(closeBrowser);

const listen = () => {
  window.heard = [];
  for (const name of ["before-interactive", "after-interactive", "timeout", "token", "error"]) addEventListener(`spigot-${name}`, () => window.heard.push(name));
};
const GO = "spigot-challenge .go";

test("asked for by the service: shown, pressed, done", async () => {
  await visit({ interaction: "press", init: listen, body: form(widget()) }, async ({ page, stub }) => {
    await state(page, "press");
    assert.equal(stub.submissions.length, 0);
    assert.equal(await page.getAttribute("spigot-challenge", "data-shown"), "");
    await page.click(GO);
    assert.equal(await token(page), "token-1");
    const [{ pressed }] = stub.submissions;
    assert.equal(pressed.by, "pointer");
    assert.ok(pressed.after_millis > 0 && pressed.after_millis < 30_000);
    assert.deepEqual(await page.evaluate(() => window.heard), ["before-interactive", "after-interactive", "token"]);
    // It stays: nothing in the page jumps.
    assert.equal(await page.textContent("spigot-challenge .text"), "Done");
  });
});

for (const key of ["Enter", " "]) {
  test(`by keyboard alone: ${key === " " ? "Space" : key}`, async () => {
    await visit({ interaction: "press", body: form(widget()) }, async ({ page, stub }) => {
      await state(page, "press");
      await page.focus("[name=mail]");
      await page.keyboard.press("Tab");
      await page.keyboard.press(key);
      assert.equal(await token(page), "token-1");
      assert.equal(stub.submissions[0].pressed.by, "key");
    });
  });
}

test("by touch", async () => {
  await visit({ interaction: "press", context: { hasTouch: true, isMobile: true }, body: form(widget()) }, async ({ page, stub }) => {
    await state(page, "press");
    await page.tap(GO);
    assert.equal(await token(page), "token-1");
    assert.equal(stub.submissions[0].pressed.by, "pointer");
    assert.ok(stub.submissions[0].seen.pointer.touches > 0);
  });
});

test("the key that sent the form is held down: that is no press of the button it leads to", async () => {
  await visit({ interaction: "press", body: form(widget('auto="submit"')) }, async ({ page, stub }) => {
    await page.waitForFunction(() => customElements.get("spigot-challenge"));
    await page.focus("[name=which]");
    await page.keyboard.down("Enter");
    await state(page, "press");
    await page.waitForFunction(() => document.querySelector("spigot-challenge").shadowRoot.activeElement?.className === "go");
    for (let n = 0; n < 5; n++) await page.keyboard.down("Enter");
    assert.equal(await page.getAttribute("spigot-challenge", "data-state"), "press");
    await page.keyboard.up("Enter");
    assert.equal(stub.submissions.length, 0);
    await page.keyboard.press("Enter");
    await got(page);
    assert.equal(stub.submissions[0].pressed.by, "key");
  });
});

test("by a script, which is said", async () => {
  await visit({ interaction: "press", body: form(widget()) }, async ({ page, stub }) => {
    await state(page, "press");
    await page.$eval(GO, (button) => button.click());
    await token(page);
    assert.equal(stub.submissions[0].pressed.by, "other");
  });
});

test("mode=visible asks for it from the start", async () => {
  await visit({ body: form(widget('mode="visible"')) }, async ({ page, stub }) => {
    await state(page, "press");
    assert.equal(stub.asked[0].interactive, true);
    await page.click(GO);
    await token(page);
  });
});

test("invisible was not enough: shown after the first solve, one press", async () => {
  await visit({ solves: ["next-press"], body: form(widget()) }, async ({ page, stub }) => {
    await state(page, "press");
    assert.equal(stub.submissions.length, 1);
    await page.click(GO);
    await token(page);
    assert.deepEqual(stub.submissions.map(({ pressed }) => pressed?.by), [undefined, "pointer"]);
  });
});

test("a form that is sent meanwhile: the visitor is led to the button, and the form goes after the press", async () => {
  await visit({ interaction: "press", body: form(widget('auto="submit"')) }, async ({ page }) => {
    await page.waitForFunction(() => customElements.get("spigot-challenge"));
    await page.fill("[name=name]", "kept");
    await page.click("[name=which]");
    await state(page, "press");
    await page.waitForFunction(() => document.querySelector("spigot-challenge").shadowRoot.activeElement?.className === "go");
    assert.match(await page.textContent("spigot-challenge [role=status]"), /Please confirm, and your form will be sent/);
    await page.keyboard.press("Enter");
    assert.equal((await got(page)).name, "kept");
  });
});

test("invisible: in a dialog, which Escape closes; then the next attempt opens it again", async () => {
  await visit({ interaction: "press", init: listen, body: form(widget('mode="invisible" auto="submit"')) }, async ({ page }) => {
    await page.waitForFunction(() => customElements.get("spigot-challenge"));
    await page.click("[name=which]");
    await state(page, "press");
    assert.equal(await page.$eval("spigot-challenge dialog", (dialog) => dialog.matches(":modal")), true);
    await page.keyboard.press("Escape");
    await state(page, "failed");
    assert.equal(await page.$eval("spigot-challenge dialog", (dialog) => dialog.open), false);
    assert.deepEqual(await page.evaluate(() => window.heard), ["before-interactive", "after-interactive", "error"]);
    await page.click("[name=which]");
    await state(page, "press");
    await page.click(GO);
    assert.equal((await got(page))["spigot-response"], "token-1");
  });
});

for (const [refresh, then] of [["auto", "press"], ["manual", "expired"], ["never", "failed"]]) {
  test(`nobody presses while the challenge holds, refresh-timeout=${refresh}`, async () => {
    const body = form(widget(`refresh-timeout="${refresh}"`));
    await visit({ interaction: "press", go: false, init: listen, body }, async ({ page, stub }) => {
      await page.clock.install({ time: 0 });
      await page.goto(`${stub.origin}/`);
      await state(page, "press");
      await page.clock.runFor(121_000);
      await state(page, then);
      assert.ok((await page.evaluate(() => window.heard)).includes("timeout"));
      await page.click(GO);
      if (refresh !== "auto") {
        await page.waitForFunction(() => document.querySelector("spigot-challenge").dataset.state === "done");
      }
      assert.equal(await token(page), "token-1");
      assert.equal(stub.asked.length, 2);
      assert.equal(stub.submissions.length, 1);
    });
  });
}

test("a token that took a press is not replaced by itself: its end is said, and a press fetches another", async () => {
  await visit({ interaction: "press", go: false, body: form(widget()) }, async ({ page, stub }) => {
    await page.clock.install({ time: 0 });
    await page.goto(`${stub.origin}/`);
    await state(page, "press");
    await page.click(GO);
    assert.equal(await token(page), "token-1");
    await page.clock.runFor(301_000);
    await state(page, "expired");
    assert.equal(stub.asked.length, 1);
    await page.click(GO);
    assert.equal(await token(page), "token-2");
  });
});

test("a test key that asks", async () => {
  await visit({ test: "ask", interaction: "press", body: form(widget()) }, async ({ page }) => {
    await state(page, "press");
    await page.click(GO);
    assert.equal(await token(page), "XXXX.TEST.TOKEN.XXXX");
  });
});

test("mode=visible, begun by the visitor: one press is enough", async () => {
  await visit({ body: form(widget('mode="visible" auto="off"')) }, async ({ page, stub }) => {
    await page.click(GO);
    assert.equal(await token(page), "token-1");
    assert.equal(stub.asked[0].interactive, true);
    assert.equal(stub.submissions[0].pressed.by, "pointer");
  });
});

const focused = (page) => page.evaluate(() => {
  const { activeElement } = document;
  return activeElement.shadowRoot?.activeElement.className.split(" ")[0] ?? activeElement.name ?? activeElement.localName;
});

for (const mode of ["managed", "invisible"]) {
  test(`the focus stays with whoever pressed by key, mode=${mode}`, async () => {
    let go;
    const hold = new Promise((resolve) => (go = resolve));
    const options = { interaction: "press", hold, solves: ["press_missing"], body: form(widget(`mode="${mode}" auto="off"`)) };
    await visit(options, async ({ page, stub }) => {
      await page.focus("[name=mail]");
      await page.evaluate(() => void spigot.execute());
      await state(page, "press");
      if (mode === "managed") {
        assert.equal(await focused(page), "mail", "nobody is led away from what they write");
        await page.keyboard.press("Tab");
      }
      assert.equal(await focused(page), "go");
      await page.keyboard.press("Enter");
      await state(page, "working");
      assert.equal(await focused(page), mode === "managed" ? "box" : "mail");
      go();
      // Another press is asked for: whoever pressed need not look for the button.
      await state(page, "press");
      assert.equal(await focused(page), "go");
      await page.keyboard.press("Enter");
      await token(page);
      assert.equal(await focused(page), mode === "managed" ? "box" : "mail");
      assert.deepEqual(stub.submissions.map(({ pressed }) => pressed.by), ["key", "key"]);
      await page.keyboard.press("Tab");
      assert.equal(await focused(page), "which");
    });
  });
}

test("a dialog that a form waits in keeps the focus while it works", async () => {
  let go;
  const hold = new Promise((resolve) => (go = resolve));
  await visit({ interaction: "press", hold, body: form(widget('mode="invisible" auto="submit"')) }, async ({ page }) => {
    await page.waitForFunction(() => customElements.get("spigot-challenge"));
    await page.focus("[name=which]");
    await page.keyboard.press("Enter");
    await state(page, "press");
    await page.waitForFunction(() => document.querySelector("spigot-challenge").shadowRoot.activeElement?.className === "go");
    await page.keyboard.press("Enter");
    await state(page, "working");
    await page.waitForFunction(() => document.querySelector("spigot-challenge").shadowRoot.activeElement?.matches("dialog[open] .box, dialog[open] .cancel"));
    go();
    assert.equal((await got(page))["spigot-response"], "token-1");
  });
});

test("how long the button was there is told also of the first one in sight", async () => {
  await visit({ body: form(widget('mode="visible" auto="off"')) }, async ({ page, stub }) => {
    await page.click(GO);
    await token(page);
    const { after_millis } = stub.submissions[0].pressed;
    assert.ok(after_millis >= 0 && after_millis < 60_000, String(after_millis));
  });
});
