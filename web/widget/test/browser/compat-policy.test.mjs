// Pages made for Turnstile, hCaptcha and reCAPTCHA that trust nothing but what carries their nonce: the script under the
// other service's name is the only one of ours in them.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { NONCE, SITE_KEY, STRICT, TRUSTED, closeBrowser, compatAt, form, got, inline, token, visit } from "./stub.mjs";

after(closeBrowser);

const SERVICES = [
  ["turnstile", "/turnstile/v0/api.js", "cf-turnstile", "cf-turnstile-response"],
  ["hcaptcha", "/1/api.js", "h-captcha", "h-captcha-response"],
  ["grecaptcha", "/recaptcha/api.js", "g-recaptcha", "g-recaptcha-response"],
];
const POLICIES = [
  ["a strict policy with a nonce", (stub) => STRICT(stub)],
  ["a strict policy with a nonce, and Trusted Types", (stub) => STRICT(stub, TRUSTED)],
  ["no strict-dynamic, and Trusted Types", (stub) => STRICT(stub, TRUSTED).replace(" 'strict-dynamic'", "")],
];

const script = (src) => `<script src="${src}" nonce="${NONCE}" async defer></script>`;
/** Counts the workers that start. */
const count = () => {
  const Real = window.Worker;
  window.workers = 0;
  window.Worker = class extends Real {
    constructor(...given) {
      super(...given);
      window.workers++;
    }
  };
};
/** Nothing of the page's policy is broken: `visit` fails on any word of the browser's about one. */
const page = (head, body, csp) => ({ head, body: form(body), csp, init: count, answer: compatAt });

for (const [name, csp] of POLICIES) {
  for (const [service, path, marker, field] of SERVICES) {
    test(`${service}, marked: ${name}`, async () => {
      const head = inline("window.onToken = (token) => (window.heard = token)") + script(path);
      const body = `<div class="${marker}" data-sitekey="${SITE_KEY}" data-callback="onToken"></div>`;
      await visit(page(head, body, csp), async ({ page, stub }) => {
        assert.equal(await token(page, field), "token-1");
        assert.deepEqual(await page.evaluate(() => [window.heard, window.workers > 0]), ["token-1", true]);
        await page.click("button");
        assert.equal((await got(page))[field], "token-1");
        assert.equal(stub.submissions.length, 1);
      });
    });

    test(`${service}, by script, with a press: ${name}`, async () => {
      const head =
        inline(`window.loaded = () => ${service}.render("place", { sitekey: "${SITE_KEY}", callback: (token) => (window.heard = token) })`) +
        script(`${path}?render=explicit&onload=loaded`);
      const options = { ...page(head, '<div id="place"></div>', csp), interaction: "press" };
      // Turnstile takes selectors, the others ids.
      if (service === "turnstile") options.head = options.head.replace('"place"', '"#place"');
      await visit(options, async ({ page }) => {
        const go = page.locator("spigot-challenge .go");
        await go.waitFor();
        // Its own style came through the page's policy: a target of a press has 24 pixels (WCAG 2.5.8).
        const { height, width } = await go.boundingBox();
        assert.ok(height >= 24 && width >= 24, `${width} × ${height}`);
        await go.click();
        assert.equal(await token(page, field), "token-1");
        assert.equal(await page.evaluate(() => window.heard), "token-1");
      });
    });
  }
}
