// Where a browser cannot solve at all: whoever asked to hear of it hears it, once, under the name that the page knows.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { SITE_KEY, closeBrowser, compatAt, form, inline, script, state, token, visit, widget } from "./stub.mjs";

after(closeBrowser);

const listen = inline(`
  window.said = [];
  window.onFail = (code) => said.push(code);
  window.onNone = () => said.push("none");
  addEventListener("spigot-unsupported", ({ type }) => said.push(type), true);
`);
const foreign = (path) => `<script src="${path}" async defer></script>`;
const marked = (marker) =>
  form(`<div class="${marker}" data-sitekey="${SITE_KEY}" data-error-callback="onFail" data-unsupported-callback="onNone"></div>`);
const rendered = inline(`addEventListener("load", () => spigot.render("#place", {
  "site-key": "${SITE_KEY}", "error-callback": (code) => said.push(code), "unsupported-callback": () => said.push("none"),
}))`);

const PAGES = [
  ["the widget", { head: listen + script(), body: form(widget('error-callback="onFail" unsupported-callback="onNone"')) }, "unsupported", "spigot-response"],
  ["the widget, by script", { head: listen + script() + rendered, body: form('<div id="place"></div>') }, "unsupported", "spigot-response"],
  ["turnstile", { head: listen + foreign("/turnstile/v0/api.js"), body: marked("cf-turnstile") }, "110500", "cf-turnstile-response"],
  ["hcaptcha", { head: listen + foreign("/1/api.js"), body: marked("h-captcha") }, "challenge-error", "h-captcha-response"],
  ["grecaptcha", { head: listen + foreign("/recaptcha/api.js"), body: marked("g-recaptcha") }, "unsupported", "g-recaptcha-response"],
];

/** Only the scripts that the page names itself may run: neither a worker nor the solver for pages. */
const ONLY_NAMED = ({ origin }) =>
  `script-src 'unsafe-inline' ${["/.spigot/widget/widget.js", "/turnstile/v0/api.js", "/1/api.js", "/recaptcha/api.js"].map((path) => origin + path).join(" ")}; worker-src 'none'`;
const UNABLE = [
  ["the page's policy allows neither a worker nor the page's solver", { csp: ONLY_NAMED }],
  ["no workers, and the page's solver does not load", { init: () => delete window.Worker, missing: ["page.js"] }],
  ["a browser whose workers cannot be started, and that cannot import", {
    init: () => {
      window.Worker = class {
        constructor() {
          throw new DOMException("no", "SecurityError");
        }
      };
    },
    csp: ONLY_NAMED,
  }],
];

for (const [why, unable] of UNABLE) {
  for (const [name, page, code] of PAGES) {
    test(`${name}: ${why}`, async () => {
      await visit({ ...page, ...unable, answer: compatAt, breaches: true }, async ({ page, stub }) => {
        await state(page, "failed");
        const said = await page.evaluate(() => window.said);
        assert.deepEqual([...said].sort(), [code, "none", "spigot-unsupported"].sort());
        // The visitor is told, too, and nothing was sent as a proof.
        assert.notEqual(await page.textContent("spigot-challenge .text"), "");
        assert.equal(stub.submissions.length, 0);
      });
    });
  }
}

for (const [name, page, , field] of PAGES) {
  test(`${name}: nobody hears of it where the page computes in a worker's place`, async () => {
    await visit({ ...page, init: () => delete window.Worker, answer: compatAt }, async ({ page }) => {
      assert.equal(await token(page, field), "token-1");
      assert.deepEqual(await page.evaluate(() => window.said), []);
    });
  });
}
