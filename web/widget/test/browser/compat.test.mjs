// Pages made for Turnstile, hCaptcha and reCAPTCHA, as they are: only the script's address is another.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { SITE_KEY, closeBrowser, compatAt, form, got, inline, state, token, visit } from "./stub.mjs";

after(closeBrowser);

const src = (path) => `<script src="${path}" async defer></script>`;
const page = (path, body, before = "") => ({ head: before + src(path), answer: compatAt, body });

for (const path of ["/turnstile/v0/api.js", "/.spigot/widget/compat.js"]) {
  test(`.cf-turnstile with ${path}`, async () => {
    const body = form(`<div class="cf-turnstile" data-sitekey="${SITE_KEY}" data-action="log-in" data-cdata="42" data-callback="onToken" data-theme="dark" data-size="compact"></div>`);
    await visit(page(path, body, inline("window.onToken = (token) => (window.heard = token)")), async ({ page, stub }) => {
      assert.equal(await token(page, "cf-turnstile-response"), "token-1");
      assert.equal(await page.evaluate(() => window.heard), "token-1");
      assert.deepEqual([stub.asked[0].action, stub.asked[0].data, stub.asked[0].site_key], ["log-in", "42", SITE_KEY]);
      assert.deepEqual(await page.evaluate(() => [turnstile.getResponse(), turnstile.isExpired()]), ["token-1", false]);
      await page.click("button");
      assert.equal((await got(page))["cf-turnstile-response"], "token-1");
    });
  });
}

test("turnstile: explicit, onload, execute, reset, remove, error codes", async () => {
  const before = inline(`window.loaded = () => {
    window.heard = [];
    window.id = turnstile.render("#place", {
      sitekey: "${SITE_KEY}", execution: "execute", action: "a",
      callback: (token) => heard.push(token), "error-callback": (code) => heard.push(code),
    });
  }`);
  await visit(page("/turnstile/v0/api.js?render=explicit&onload=loaded", form('<div id="place"></div><div class="cf-turnstile" data-sitekey="x"></div>'), before), async ({ page, stub }) => {
    await page.waitForFunction(() => window.id);
    assert.equal(stub.asked.length, 0);
    await page.evaluate(() => turnstile.execute(id));
    assert.equal(await token(page, "cf-turnstile-response"), "token-1");
    assert.deepEqual(await page.evaluate(() => [turnstile.getResponse(id), turnstile.getResponse("#place")]), ["token-1", "token-1"]);
    stub.refuse("host_not_allowed");
    await page.evaluate(() => (turnstile.reset(id), turnstile.execute(id)));
    await state(page, "failed");
    assert.deepEqual(await page.evaluate(() => window.heard), ["token-1", "110200"]);
    await page.evaluate(() => turnstile.remove(id));
    assert.equal(await page.locator("spigot-challenge").count(), 0);
    assert.equal(await page.evaluate(() => turnstile.getResponse(id) ?? null), null);
  });
});

test(".h-captcha, both of its fields", async () => {
  const body = form(`<div class="h-captcha" data-sitekey="${SITE_KEY}" data-callback="onToken"></div>`);
  await visit(page("/1/api.js?hl=de", body, inline("window.onToken = (token) => (window.heard = token)")), async ({ page, stub }) => {
    assert.equal(await token(page, "h-captcha-response"), "token-1");
    assert.equal(await token(page, "g-recaptcha-response"), "token-1");
    assert.equal(await page.evaluate(() => hcaptcha.getResponse()), "token-1");
    assert.equal(stub.asked[0].language, "de");
    await page.click("button");
    assert.equal((await got(page))["h-captcha-response"], "token-1");
  });
});

test("hcaptcha: invisible, execute with a promise, errors by its names", async () => {
  await visit(page("/1/api.js?render=explicit", form('<div id="place"></div>')), async ({ page, stub }) => {
    await page.waitForFunction(() => window.hcaptcha);
    const { response, key } = await page.evaluate(async (sitekey) => {
      window.id = hcaptcha.render("place", { sitekey, size: "invisible" });
      return hcaptcha.execute(window.id, { async: true });
    }, SITE_KEY);
    assert.equal(response, "token-1");
    assert.ok(key.length > 0);
    stub.refuse("restricted");
    assert.equal(await page.evaluate(() => (hcaptcha.reset(id), hcaptcha.execute(id, { async: true }).catch((code) => code))), "rate-limited");
    assert.equal(await page.evaluate(() => (hcaptcha.remove(id), hcaptcha.getResponse(id))), "");
  });
});

test("hcaptcha as its loader shows it: no container, no id", async () => {
  await visit(page("/1/api.js?render=explicit", form("")), async ({ page }) => {
    await page.waitForFunction(() => window.hcaptcha);
    const [id, { response }] = await page.evaluate(async (sitekey) => [hcaptcha.render({ sitekey }), await hcaptcha.execute({ async: true })], SITE_KEY);
    assert.equal(response, "token-1");
    assert.deepEqual(await page.evaluate((id) => [hcaptcha.getResponse(id), hcaptcha.execute({ async: false })], id), ["token-1", undefined]);
    assert.equal(await page.getAttribute("body > spigot-challenge", "mode"), "invisible");
  });
});

test("hcaptcha: what opens, and what runs out while it waits", async () => {
  const options = { ...page("/1/api.js?render=explicit", form('<div id="place"></div>')), interaction: "press", challengeLife: 3_000 };
  await visit(options, async ({ page }) => {
    await page.waitForFunction(() => window.hcaptcha);
    await page.evaluate((sitekey) => {
      window.heard = [];
      const names = ["open-callback", "chalexpired-callback", "callback"];
      hcaptcha.render("place", { sitekey, ...Object.fromEntries(names.map((name) => [name, () => heard.push(name)])) });
    }, SITE_KEY);
    await page.waitForFunction(() => window.heard.length === 2);
    assert.deepEqual(await page.evaluate(() => window.heard), ["open-callback", "chalexpired-callback"]);
  });
});

test("turnstile: what its callbacks tell of a press, in time and too late, and of a token's end", async () => {
  const before = inline(`window.heard = []; for (const name of ["before", "after", "timeout", "expired"]) window[name] = () => heard.push(name);`);
  const body = form(`<div class="cf-turnstile" data-sitekey="${SITE_KEY}" data-before-interactive-callback="before" data-after-interactive-callback="after"
    data-timeout-callback="timeout" data-expired-callback="expired" data-refresh-timeout="auto" data-refresh-expired="never"></div>`);
  await visit({ ...page("/turnstile/v0/api.js", body, before), interaction: "press", challengeLife: 3_000, life: 500 }, async ({ page }) => {
    await page.waitForFunction(() => window.heard?.includes("timeout"));
    assert.deepEqual(await page.evaluate(() => window.heard), ["before", "timeout"]);
    await page.click("spigot-challenge .go");
    await page.waitForFunction(() => window.heard.includes("expired"));
    assert.deepEqual(await page.evaluate(() => window.heard), ["before", "timeout", "after", "expired"]);
  });
});

test(".g-recaptcha, and its field by id", async () => {
  const body = form(`<div class="g-recaptcha" data-sitekey="${SITE_KEY}"></div>`);
  await visit(page("/recaptcha/api.js", body), async ({ page }) => {
    assert.equal(await token(page, "g-recaptcha-response"), "token-1");
    assert.deepEqual(await page.evaluate(() => [grecaptcha.getResponse(), document.getElementById("g-recaptcha-response").value]), ["token-1", "token-1"]);
    await page.click("button");
    assert.equal((await got(page))["g-recaptcha-response"], "token-1");
  });
});

test(".g-recaptcha on a button: checked at the press, the callback sends the form", async () => {
  const body = `<form id="f" method="post" action="/send"><input name="name" value="kept"><button class="g-recaptcha" data-sitekey="${SITE_KEY}" data-callback="onSubmit" data-action="submit">Send</button></form>`;
  await visit(page("/recaptcha/api.js", body, inline("window.onSubmit = () => document.getElementById('f').submit()")), async ({ page, stub }) => {
    await page.waitForSelector("spigot-challenge", { state: "attached" });
    assert.equal(stub.asked.length, 0);
    await page.click("button");
    const fields = await got(page);
    assert.deepEqual([fields.name, fields["g-recaptcha-response"]], ["kept", "token-1"]);
    assert.equal(stub.asked[0].action, "submit");
  });
});

test("hcaptcha on a button: rendered twice is bound once; removed, the button is the page's again; rendered anew, bound again", async () => {
  const body = `<form method="post" action="/send"><button id="place">Send</button></form>`;
  await visit(page("/1/api.js?render=explicit", body), async ({ page }) => {
    await page.waitForFunction(() => window.hcaptcha);
    const press = () => page.evaluate(() => {
      let held;
      const look = (event) => {
        held = event.defaultPrevented;
        event.preventDefault();
      };
      addEventListener("click", look);
      document.getElementById("place").click();
      removeEventListener("click", look);
      return held;
    });
    const render = () => page.evaluate((sitekey) => hcaptcha.render("place", { sitekey, callback: (token) => (window.heard ??= []).push(token) }), SITE_KEY);
    const first = await render();
    assert.equal(await render(), first);
    assert.equal(await page.locator("spigot-challenge").count(), 1);
    assert.equal(await press(), true);
    await page.waitForFunction(() => window.heard?.length === 1);
    await page.evaluate((id) => hcaptcha.remove(id), first);
    assert.equal(await press(), false);
    const second = await render();
    assert.notEqual(second, first);
    assert.equal(await press(), true);
    await page.waitForFunction(() => window.heard.length === 2);
    // Taken away by the page, without a call.
    await page.evaluate(() => document.querySelector("spigot-challenge").remove());
    assert.equal(await press(), false);
    await render();
    await press();
    await page.waitForFunction(() => window.heard.length === 3);
    assert.deepEqual(await page.evaluate(() => window.heard), ["token-1", "token-2", "token-3"]);
  });
});

test("a marked button that the page has rendered itself is left as it is", async () => {
  const before = inline(`document.addEventListener("DOMContentLoaded", () => (window.id = grecaptcha.render("place", { sitekey: "${SITE_KEY}" })))`);
  const body = `<button id="place" class="g-recaptcha" data-sitekey="${SITE_KEY}">One</button><button class="g-recaptcha" data-sitekey="${SITE_KEY}">Two</button>`;
  await visit({ ...page("/recaptcha/api.js", body, before), head: before + '<script src="/recaptcha/api.js"></script>' }, async ({ page }) => {
    await page.waitForFunction(() => window.id === 0);
    assert.equal(await page.locator("spigot-challenge").count(), 2);
  });
});

for (const [name, path, global] of [["version 3", "api.js", "grecaptcha"], ["Enterprise", "enterprise.js", "grecaptcha.enterprise"]]) {
  test(`grecaptcha ${name}: ready before the script, a new token for each action`, async () => {
    const before = inline("window.grecaptcha = { ready(call) { ((window.___grecaptcha_cfg ??= {}).fns ??= []).push(call); } }; grecaptcha.ready(() => (window.wasReady = true));");
    await visit(page(`/recaptcha/${path}?render=${SITE_KEY}`, form(""), before), async ({ page, stub }) => {
      await page.waitForFunction(() => window.wasReady);
      const tokens = await page.evaluate(async ([api, key]) => {
        const { execute } = api.split(".").reduce((at, part) => at[part], window);
        return Promise.all([execute(key, { action: "shop/buy" }), execute(key, { action: "login" })]);
      }, [global, SITE_KEY]);
      assert.deepEqual([...tokens].sort(), ["token-1", "token-2"]);
      assert.deepEqual(stub.asked.map(({ action }) => action).sort(), ["login", "shop_buy"]);
      assert.equal(await page.locator("spigot-challenge").count(), 0);
    });
  });
}

test("grecaptcha 2: explicit and invisible", async () => {
  const before = inline(`window.loaded = () => (window.id = grecaptcha.render("place", { sitekey: "${SITE_KEY}", size: "invisible", callback: (token) => (window.heard = token) }))`);
  await visit(page("/recaptcha/api.js?onload=loaded&render=explicit", form('<div id="place"></div>'), before), async ({ page, stub }) => {
    await page.waitForFunction(() => window.id === 0);
    assert.equal(stub.asked.length, 0);
    await page.evaluate(() => void grecaptcha.execute());
    await page.waitForFunction(() => window.heard === "token-1");
    assert.equal(await page.evaluate(() => (grecaptcha.reset(), grecaptcha.getResponse())), "");
  });
});

for (const appearance of ["always", "execute", "interaction-only", undefined]) {
  test(`turnstile: appearance ${appearance ?? "unsaid"}`, async () => {
    const given = appearance === undefined ? "" : `data-appearance="${appearance}"`;
    const body = form(`<div class="cf-turnstile" data-sitekey="${SITE_KEY}" data-execution="execute" ${given}></div>`);
    await visit(page("/turnstile/v0/api.js", body), async ({ page, stub }) => {
      const isShown = () => page.$eval("spigot-challenge", (widget) => widget.hasAttribute("data-shown"));
      await page.waitForSelector("spigot-challenge", { state: "attached" });
      await page.waitForFunction(() => document.querySelector("spigot-challenge").shadowRoot);
      assert.equal(await isShown(), appearance === "always");
      await page.evaluate(() => turnstile.execute());
      await token(page, "cf-turnstile-response");
      assert.equal(await isShown(), appearance === "always" || appearance === "execute");
      if (await isShown()) assert.equal(await page.textContent("spigot-challenge .text"), "Done");
      assert.equal(stub.asked[0].interactive, false);
    });
  });
}

test("turnstile in place of reCAPTCHA: its markers, its field, its global", async () => {
  const body = form(`<div class="g-recaptcha" data-sitekey="${SITE_KEY}"></div><div class="cf-turnstile" data-sitekey="${SITE_KEY}"></div>`);
  await visit(page("/turnstile/v0/api.js?compat=recaptcha", body), async ({ page }) => {
    await token(page, "g-recaptcha-response");
    assert.equal(await page.locator("spigot-challenge").count(), 2);
    assert.equal(await page.evaluate(() => window.grecaptcha === window.turnstile), true);
    await page.click("button");
    assert.match((await got(page))["g-recaptcha-response"], /^token-\d$/);
  });
});

test("turnstile alone leaves reCAPTCHA's names to the page", async () => {
  const body = form(`<div class="g-recaptcha" data-sitekey="${SITE_KEY}"></div><div class="cf-turnstile" data-sitekey="${SITE_KEY}"></div>`);
  await visit(page("/turnstile/v0/api.js", body), async ({ page }) => {
    await token(page, "cf-turnstile-response");
    assert.deepEqual(await page.evaluate(() => [document.querySelectorAll("spigot-challenge").length, typeof window.grecaptcha]), [1, "undefined"]);
  });
});

test("hcaptcha.close: the dialog goes, and its waiters hear of it; without a dialog nothing happens", async () => {
  const options = { ...page("/1/api.js?render=explicit", form('<div id="place"></div>')), interaction: "press" };
  await visit(options, async ({ page }) => {
    await page.waitForFunction(() => window.hcaptcha);
    await page.evaluate((sitekey) => {
      window.heard = [];
      const tell = (name) => (code) => window.heard.push([name, code]);
      window.id = hcaptcha.render("place", { sitekey, size: "invisible", "close-callback": tell("close"), "error-callback": tell("error") });
      hcaptcha.close(id);
      window.end = hcaptcha.execute(id, { async: true }).catch((code) => code);
    }, SITE_KEY);
    await state(page, "press");
    assert.equal(await page.$eval("spigot-challenge dialog", (dialog) => dialog.open), true);
    await page.evaluate(() => hcaptcha.close(id));
    assert.equal(await page.evaluate(() => window.end), "challenge-closed");
    assert.equal(await page.$eval("spigot-challenge dialog", (dialog) => dialog.open), false);
    const [close, error] = await page.evaluate(() => window.heard);
    assert.deepEqual([close[0], error], ["close", ["error", "challenge-closed"]]);
    await page.evaluate(() => hcaptcha.close(id));
    assert.equal((await page.evaluate(() => window.heard)).length, 2);
  });
});
