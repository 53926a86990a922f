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

for (const grace of [false, true]) test(`a form that a script sends${grace ? ", with the service's grace" : ""}: after an error the next is sent with a new token, without a reload`, async () => {
  const send = `<script nonce="n0nce">addEventListener("submit", async (event) => {
    event.preventDefault();
    await fetch("/api", { method: "POST", body: new URLSearchParams(new FormData(event.target)) });
    document.title = "sent " + (window.sent = (window.sent ?? 0) + 1);
  })</script>`;
  await visit({ grace, body: form(widget()) + send }, async ({ stub, page }) => {
    await token(page);
    const sentTokens = () => stub.posts.map((body) => new URLSearchParams(body).get("spigot-response"));
    await page.click("button");
    await page.waitForFunction(() => window.sent === 1);
    // The visitor mends a field: a new token is fetched meanwhile.
    await page.fill("[name=name]", "mended");
    await page.waitForFunction(() => document.querySelector("[name=spigot-response]").value === "token-2");
    await page.click("button");
    await page.waitForFunction(() => window.sent === 2);
    // And without touching anything: the form waits for it. Not within the second that counts as the same press.
    await page.evaluate(() => {
      const { now } = Date;
      Date.now = () => now() + 1_100;
    });
    await page.click("button");
    await page.waitForFunction(() => window.sent === 3);
    assert.deepEqual(sentTokens(), ["token-1", "token-2", "token-3"]);
    assert.deepEqual(stub.asked.map(({ again }) => again), [undefined, "token-1", "token-2"]);
    assert.equal(stub.submissions.length, grace ? 1 : 3);
  });
});

test("the same button pressed twice sends one token twice", async () => {
  const send = `<script nonce="n0nce">addEventListener("submit", (event) => {
    event.preventDefault();
    (window.tokens ??= []).push(new FormData(event.target).get("spigot-response"));
  })</script>`;
  await visit({ body: form(widget()) + send }, async ({ page }) => {
    await token(page);
    await page.dblclick("button");
    assert.deepEqual(await page.evaluate(() => window.tokens), ["token-1", "token-1"]);
  });
});

test("no token: the form is not sent, says why, and goes when it works again", async () => {
  await visit({ challenges: ["restricted"], body: form(widget()) }, async ({ stub, page }) => {
    await state(page, "failed");
    const box = page.locator("spigot-challenge .box");
    assert.match(await box.textContent(), /does not answer this browser.*Code: restricted 9f3k2m7q5x8t1b4c/);
    await page.fill("[name=name]", "kept");
    stub.refuse("restricted");
    await page.click("button[name=which]");
    await page.waitForFunction(() => document.querySelector("spigot-challenge").shadowRoot.querySelector(".go").getRootNode().activeElement);
    assert.deepEqual(stub.posts, []);
    await page.click("spigot-challenge .go");
    assert.deepEqual([(await got(page)).name, stub.posts.length], ["kept", 1]);
  });
});

test("held off, and without a field: forms are left alone", async () => {
  for (const attributes of ['auto="off" hold="off"', 'auto="off" response-field="false"']) {
    await visit({ body: form(widget(attributes)) }, async ({ stub, page }) => {
      await page.waitForFunction(() => customElements.get("spigot-challenge"));
      await page.click("button");
      assert.equal((await got(page))["spigot-response"] ?? "", "");
      assert.equal(stub.asked.length, 0);
    });
  }
});

const inShadow = (inner, around = "") => `${around}<div id="host"></div><script nonce="n0nce">
  document.getElementById("host").attachShadow({ mode: "open" }).innerHTML = ${JSON.stringify(inner)};
</script>`;

test("a form and its widget in a shadow tree", async () => {
  await visit({ body: inShadow(form(widget())) }, async ({ page }) => {
    await page.locator("#host button").click();
    assert.equal((await got(page))["spigot-response"], "token-1");
  });
});

test("a widget in a shadow tree, the form outside", async () => {
  await visit({ body: `<form method="post" action="/send">${inShadow(widget('compat-fields="cf-turnstile-response"'))}<button>Send</button></form>` }, async ({ page }) => {
    await page.click("button");
    const fields = await got(page);
    assert.deepEqual([fields["spigot-response"], fields["cf-turnstile-response"]], ["token-1", "token-1"]);
  });
});

test("outside of its form, named by the attribute form", async () => {
  const body = `${widget('form="f" auto="submit"')}<form id="f" method="post" action="/send"><button>Send</button></form>`;
  await visit({ body }, async ({ page }) => {
    await page.waitForFunction(() => customElements.get("spigot-challenge"));
    await page.click("button");
    assert.equal((await got(page))["spigot-response"], "token-1");
  });
});

test("two forms in a page, each with a token of its own", async () => {
  await visit({ body: form(widget('action="one"')) + form(widget('action="two"')) }, async ({ stub, page }) => {
    await page.waitForFunction(() => [...document.querySelectorAll("[name=spigot-response]")].every(({ value }) => value !== ""));
    assert.deepEqual(stub.asked.map(({ action }) => action).sort(), ["one", "two"]);
    assert.equal(new Set(await page.$$eval("[name=spigot-response]", (all) => all.map(({ value }) => value))).size, 2);
    await page.locator("button").last().click();
    assert.match((await got(page))["spigot-response"], /^token-[12]$/);
  });
});

test("a form that is reset gets a new token; one that the element moves to gets it along", async () => {
  await visit({ body: form(widget()) + '<form id="other" method="post" action="/send"><button>Other</button></form>' }, async ({ page }) => {
    await token(page);
    await page.evaluate(() => document.forms[0].reset());
    await page.waitForFunction(() => document.querySelector("[name=spigot-response]").value === "token-2");
    await page.evaluate(() => document.getElementById("other").append(document.querySelector("spigot-challenge")));
    await page.click("#other button");
    assert.equal((await got(page))["spigot-response"], "token-2");
  });
});
