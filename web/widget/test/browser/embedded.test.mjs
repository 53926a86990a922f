// `widget.embedded.js`: the one file that loads no other.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, form, got, NONCE, state, token, visit, widget } from "./stub.mjs";

after(closeBrowser);

const FOLDER = "/.spigot/widget/";
const head = (base = "") => `<script src="${base}${FOLDER}widget.embedded.js" nonce="${NONCE}" async></script>`;
/** What the other script would load. */
const missing = ["widget.js", "worker.js", "page.js", "cachewalk.wasm", "languages/de.json"];
const called = ["challenge", "solve"].map((call) => `POST ${FOLDER}${call}`);
const loaded = (stub) => stub.requests.filter((request) => request.includes(FOLDER));

test("in workers, in a language that is not English: a script and two calls", async () => {
  const options = { head: head(), missing, language: "de", interaction: "press", body: form(widget()) };
  await visit(options, async ({ page, stub }) => {
    await state(page, "press");
    await page.waitForFunction(() => document.querySelector("spigot-challenge").shadowRoot.querySelector(".box").lang === "de");
    await page.click("spigot-challenge .go");
    assert.equal(await token(page), "token-1");
    assert.deepEqual(loaded(stub), [`GET ${FOLDER}widget.embedded.js`, ...called]);
    await page.click("[name=which]");
    assert.equal((await got(page))["spigot-response"], "token-1");
  });
});

test("where no worker may start the page computes, and nothing is loaded either", async () => {
  const csp = () => `default-src 'none'; script-src 'nonce-${NONCE}' 'wasm-unsafe-eval'; connect-src 'self'; form-action 'self'; img-src data:`;
  await visit({ head: head(), missing, csp, breaches: true, body: form(widget()) }, async ({ page, stub }) => {
    assert.equal(await token(page), "token-1");
    assert.deepEqual(loaded(stub), [`GET ${FOLDER}widget.embedded.js`, ...called]);
  });
});

test("from another origin", async () => {
  await visit({ elsewhere: true, go: false, body: (stub) => head(stub.base) + form(widget()), head: "", missing }, async ({ page, stub }) => {
    await page.goto(`${stub.origin}/`);
    assert.equal(await token(page), "token-1");
    assert.deepEqual(loaded(stub), [`GET ${FOLDER}widget.embedded.js`, ...called]);
  });
});
