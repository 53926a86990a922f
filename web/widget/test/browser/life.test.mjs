// A token's end, and a widget's: refreshing, hidden pages, the browser's history, widgets that come and go.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { SITE_KEY, closeBrowser, form, state, token, until, visit, widget } from "./stub.mjs";

after(closeBrowser);

const value = (page) => page.$eval("[name=spigot-response]", ({ value }) => value);
const becomes = (page, wanted) => page.waitForFunction((of) => document.querySelector("[name=spigot-response]")?.value === of, wanted);
const listen = () => {
  window.heard = [];
  for (const name of ["token", "expired", "error", "timeout"]) addEventListener(`spigot-${name}`, () => window.heard.push(name));
};

/** A page with a clock that stands still until the test moves it. */
async function withClock(attributes, scenario, options = {}) {
  await visit({ go: false, init: listen, body: form(widget(attributes)), ...options }, async (visited) => {
    await visited.page.clock.install({ time: 0 });
    await visited.page.goto(`${visited.stub.origin}/`);
    await becomes(visited.page, "token-1");
    await visited.page.clock.pauseAt(10_000);
    await scenario(visited);
  });
}

test("a token is replaced before its end, while nothing is shown or lost", async () => {
  await withClock("", async ({ page }) => {
    await page.clock.runFor(250_000);
    assert.equal(await value(page), "token-1");
    await page.clock.runFor(20_000);
    await becomes(page, "token-2");
    assert.deepEqual(await page.evaluate(() => window.heard), ["token", "token"]);
    assert.equal(await page.getAttribute("spigot-challenge", "data-shown"), null);
  });
});

test("a page that nobody touches is not refreshed for ever; the next touch is enough", async () => {
  await withClock('refresh-expired="auto"', async ({ page, stub }) => {
    for (let n = 2; n <= 11; n++) {
      await page.clock.runFor(275_000);
      await becomes(page, `token-${n}`);
    }
    await page.clock.runFor(400_000);
    await state(page, "expired");
    assert.equal(await value(page), "");
    assert.equal(stub.asked.length, 11);
    await page.focus("[name=name]");
    await becomes(page, "token-12");
  });
});

test("refresh-expired=manual: said, and a press fetches another", async () => {
  await withClock('refresh-expired="manual"', async ({ page, stub }) => {
    await page.clock.runFor(300_000);
    await state(page, "expired");
    assert.deepEqual(await page.evaluate(() => window.heard), ["token", "expired"]);
    assert.match(await page.textContent("spigot-challenge .text"), /expired/);
    assert.equal(stub.asked.length, 1);
    await page.click("spigot-challenge .go");
    await becomes(page, "token-2");
  });
});

test("refresh-expired=never: only told", async () => {
  await withClock('refresh-expired="never"', async ({ page, stub }) => {
    await page.clock.runFor(400_000);
    await state(page, "expired");
    assert.deepEqual(await page.evaluate(() => [window.heard, spigot.isExpired(), spigot.getResponse() ?? null]), [["token", "expired"], true, null]);
    assert.equal(stub.asked.length, 1);
  });
});

const hide = (is) => {
  Object.defineProperty(document, "hidden", { value: is, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
};

test("a hidden page solves when it is loaded, lets its token run out, and has another when it is seen again", async () => {
  const init = [listen, () => Object.defineProperty(document, "hidden", { value: true, configurable: true })];
  await withClock("", async ({ page, stub }) => {
    await page.clock.runFor(900_000);
    await state(page, "expired");
    assert.equal(stub.asked.length, 1);
    await page.evaluate(hide, false);
    await becomes(page, "token-2");
  }, { init });
});

test("back from the browser's history after the form was sent: a new token", async () => {
  await visit({ body: form(widget()) }, async ({ page }) => {
    await token(page);
    await page.evaluate(() => document.forms[0].addEventListener("submit", (event) => event.preventDefault()));
    await page.click("button");
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
    await becomes(page, "token-2");
  });
});

/** Counts what a page holds: workers, timers, listeners on what outlives a widget. */
function count() {
  const held = (window.held = { workers: 0, timers: 0, listeners: 0, urls: 0 });
  const Real = window.Worker;
  window.Worker = class extends Real {
    constructor(...given) {
      super(...given);
      held.workers++;
    }
    terminate() {
      if (!this.over) held.workers--;
      this.over = true;
      super.terminate();
    }
  };
  const timers = new Set();
  const { setTimeout: set, clearTimeout: clear } = window;
  window.setTimeout = (call, millis, ...given) => {
    const id = set(() => (timers.delete(id), call(...given)), millis);
    timers.add(id);
    return id;
  };
  window.clearTimeout = (id) => (timers.delete(id), clear(id));
  Object.defineProperty(held, "timers", { get: () => timers.size, enumerable: true });
  const add = EventTarget.prototype.addEventListener;
  const remove = EventTarget.prototype.removeEventListener;
  const outlives = (target) => target === window || target === document || target instanceof HTMLFormElement;
  const listeners = new Set();
  const key = (target, type, listener) => {
    listener.id ??= `${type} ${Math.random()}`;
    return `${target.constructor.name} ${type} ${listener.id}`;
  };
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    if (outlives(this ?? window) && listener && !options?.once) listeners.add(key(this ?? window, type, listener));
    return add.call(this ?? window, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    if (outlives(this ?? window) && listener) listeners.delete(key(this ?? window, type, listener));
    return remove.call(this ?? window, type, listener, options);
  };
  Object.defineProperty(held, "listeners", { get: () => listeners.size, enumerable: true });
}

test("1,000 widgets that come and go leave nothing", async () => {
  await visit({ init: count, body: form('<div id="place"></div>') }, async ({ page, stub }) => {
    await page.waitForFunction(() => window.spigot);
    const before = await page.evaluate(() => ({ ...window.held }));
    await page.evaluate(async (siteKey) => {
      for (let n = 0; n < 1_000; n++) {
        const id = spigot.render("#place", { "site-key": siteKey, mode: n % 3 === 0 && n % 250 !== 1 ? "visible" : "managed" });
        // Some go at once, some while they ask or solve, some when they are done.
        if (n % 2 === 0) await new Promise((resolve) => setTimeout(resolve));
        if (n % 250 === 1) await spigot.execute(id);
        if (n % 5 === 0) document.querySelector("spigot-challenge").remove();
        else spigot.remove(id);
      }
    }, SITE_KEY);
    await page.waitForFunction((was) => JSON.stringify(window.held) === JSON.stringify(was), before);
    assert.equal(await page.evaluate(() => document.querySelectorAll("#place *").length), 0);
    assert.ok(stub.tokens.length >= 4);
  });
});

/** Counts the copies of scripts that a page holds, and the texts that came for them. */
function countCopies() {
  const held = (window.held = { urls: 0, texts: 0 });
  const { createObjectURL: make, revokeObjectURL: revoke } = URL;
  URL.createObjectURL = (of) => (held.urls++, make.call(URL, of));
  URL.revokeObjectURL = (url) => (held.urls--, revoke.call(URL, url));
  const { text } = Response.prototype;
  Response.prototype.text = async function () {
    const read = await text.call(this);
    // After whoever waits for it.
    setTimeout(() => held.texts++);
    return read;
  };
}

test("a widget that goes while its worker is copied leaves no copy", async () => {
  await visit({ elsewhere: true, init: countCopies, body: form(widget()), go: false }, async ({ page, stub, context }) => {
    let letGo;
    const hold = new Promise((resolve) => (letGo = resolve));
    let asked = false;
    await context.route("**/worker.js", async (route) => {
      asked = true;
      await hold;
      await route.continue();
    });
    await page.goto(`${stub.origin}/`);
    await until(() => asked);
    await page.evaluate(() => document.querySelector("spigot-challenge").remove());
    letGo();
    await page.waitForFunction(() => window.held.texts === 1);
    assert.equal(await page.evaluate(() => window.held.urls), 0);
  });
});

test("mounted twice at once, as StrictMode does: one token, nothing left of the first", async () => {
  await visit({ body: form('<div id="place"></div>') }, async ({ page, stub }) => {
    await page.waitForFunction(() => window.spigot);
    await page.evaluate((siteKey) => {
      const first = spigot.render("#place", { "site-key": siteKey });
      spigot.remove(first);
      spigot.render("#place", { "site-key": siteKey });
    }, SITE_KEY);
    assert.equal(await token(page), "token-1");
    assert.equal(stub.asked.length, 1);
    assert.equal(await page.locator("[name=spigot-response]").count(), 1);
  });
});

test("the calls: render, execute, getResponse, reset, remove", async () => {
  await visit({ body: form('<div id="place"></div>') }, async ({ page, stub }) => {
    await page.waitForFunction(() => window.spigot);
    const all = await page.evaluate(async (siteKey) => {
      const heard = [];
      const id = spigot.render("#place", { "site-key": siteKey, action: "a", auto: "off", callback: (token) => heard.push(token) });
      const before = spigot.getResponse(id) ?? null;
      const executed = await spigot.execute(id);
      const again = await spigot.execute("#place");
      const byElement = spigot.getResponse(document.getElementById("place"));
      spigot.reset(id);
      const afterReset = spigot.getResponse(id) ?? null;
      const next = await spigot.execute(id);
      spigot.remove(id);
      const refused = await spigot.execute(id).catch((error) => String(error));
      return { before, executed, again, byElement, afterReset, next, heard, refused, ready: (await new Promise((resolve) => spigot.ready(resolve))) ?? "ready" };
    }, SITE_KEY);
    assert.deepEqual(all, {
      before: null, executed: "token-1", again: "token-1", byElement: "token-1", afterReset: null, next: "token-2",
      heard: ["token-1", "token-2"], refused: "Error: spigot: the widget is not in the page", ready: "ready",
    });
    assert.equal(stub.asked[0].action, "a");
  });
});

test("another site key or action while it runs: a token for the new one", async () => {
  await visit({ body: form(widget('action="one"')) }, async ({ page, stub }) => {
    await token(page);
    await page.evaluate(() => document.querySelector("spigot-challenge").setAttribute("action", "two"));
    await becomes(page, "token-2");
    assert.deepEqual(stub.asked.map(({ action }) => action), ["one", "two"]);
  });
});

test("no site key: said, and nothing asked", async () => {
  await visit({ body: form("<spigot-challenge></spigot-challenge>") }, async ({ page, stub }) => {
    await state(page, "failed");
    assert.match(await page.textContent("spigot-challenge .code"), /site_key_missing/);
    await page.evaluate((key) => document.querySelector("spigot-challenge").setAttribute("site-key", key), SITE_KEY);
    await until(() => stub.tokens.length === 1);
  });
});
