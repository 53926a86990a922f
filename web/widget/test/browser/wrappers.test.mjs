// Our React and Vue components, and other people's published ones for other services over compat.js. Where these let the
// script's address be set it is set; `react-turnstile`, `vue-turnstile` and `@marsidev/react-turnstile` take a
// `window.turnstile` that is there already, `vue-recaptcha` a `window.grecaptcha`; `react-google-recaptcha` knows one address only, so that one is answered here.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { build } from "esbuild";
import { stylesAsText } from "../../build-styles.mjs";
import { NONCE, SITE_KEY, closeBrowser, form, got, token, visit } from "./stub.mjs";

after(closeBrowser);

const HERE = new URL("../..", import.meta.url).pathname;
const COMPAT = readFileSync(new URL("../../dist/compat.js", import.meta.url), "utf8");

/** A page of one script, bundled as an application's would be. */
async function bundle(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: HERE, loader: "ts" },
    absWorkingDir: HERE,
    bundle: true,
    format: "iife",
    write: false,
    nodePaths: [`${HERE}node_modules`],
    alias: { "@spigot/widget": `${HERE}src/index.ts`, "@spigot/react": `${HERE}../react/src/index.ts`, "@spigot/vue": `${HERE}../vue/src/index.ts`, vue: "vue/dist/vue.runtime.esm-bundler.js",
      // Of Vue 2 and 3; which one it is, it asks when it is installed.
      "vue-demi": "vue/dist/vue.runtime.esm-bundler.js" },
    define: {
      "process.env.NODE_ENV": '"development"', SPIGOT_VERSION: '"test"',
      __VUE_OPTIONS_API__: "true", __VUE_PROD_DEVTOOLS__: "false", __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    },
    plugins: [stylesAsText],
  });
  return outputFiles[0].text;
}

const COMPAT_PATHS = /^\/(compat\.js|turnstile\/v0\/api\.js|1\/api\.js|recaptcha\/api\.js)$/;

async function scene({ app, compat }, scenario) {
  const text = await bundle(app);
  // One of them looks for its script by this id.
  const before = compat ? `<script id="cf-turnstile-script" src="${compat}"></script>` : "";
  const answer = (request) => {
    const [path] = request.url.split("?");
    if (path === "/app.js") return { type: "text/javascript", text };
    if (COMPAT_PATHS.test(path)) return { type: "text/javascript", text: COMPAT };
    return undefined;
  };
  const body = form('<div id="app"></div>') + `<script nonce="${NONCE}" src="/app.js"></script>`;
  await visit({ head: before, answer, body, go: false }, scenario);
}

const REACT = `
  import { StrictMode, createElement as h, useState } from "react";
  import { createRoot } from "react-dom/client";
  const heard = (window.heard = []);
  const mount = (child) => {
    function App() {
      const [shown, setShown] = useState(true);
      window.setShown = setShown;
      return shown ? child() : null;
    }
    createRoot(document.getElementById("app")).render(h(StrictMode, null, h(App)));
  };
`;

const VUE = `
  import { createApp, h, ref } from "vue";
  const heard = (window.heard = []);
  const mount = (child) => {
    const shown = ref(true);
    window.setShown = (is) => (shown.value = is);
    createApp({ render: () => (shown.value ? child() : null) }).mount("#app");
  };
`;

const sceneries = {
  "@spigot/react": {
    field: "spigot-response",
    app: `${REACT} import { SpigotChallenge } from "@spigot/react";
      mount(() => h(SpigotChallenge, { siteKey: "${SITE_KEY}", options: { action: "log-in" }, onToken: (token) => heard.push(token) }));`,
  },
  "@marsidev/react-turnstile": {
    field: "cf-turnstile-response",
    compat: "/turnstile/v0/api.js?render=explicit&onload=onloadTurnstileCallback",
    app: `${REACT} import { Turnstile } from "@marsidev/react-turnstile";
      mount(() => h(Turnstile, { siteKey: "${SITE_KEY}", injectScript: false, options: { action: "log-in" }, onSuccess: (token) => heard.push(token) }));`,
  },
  "react-turnstile": {
    field: "cf-turnstile-response",
    compat: "/turnstile/v0/api.js?render=explicit",
    app: `${REACT} import Turnstile from "react-turnstile";
      mount(() => h(Turnstile, { sitekey: "${SITE_KEY}", action: "log-in", onVerify: (token) => heard.push(token) }));`,
  },
  "@hcaptcha/react-hcaptcha": {
    field: "h-captcha-response",
    app: `${REACT} import HCaptcha from "@hcaptcha/react-hcaptcha";
      mount(() => h(HCaptcha, { sitekey: "${SITE_KEY}", scriptSource: location.origin + "/1/api.js", sentry: false, onVerify: (token) => heard.push(token) }));`,
  },
  "react-google-recaptcha": {
    field: "g-recaptcha-response",
    google: true,
    app: `${REACT} import ReCAPTCHA from "react-google-recaptcha";
      mount(() => h(ReCAPTCHA, { sitekey: "${SITE_KEY}", onChange: (token) => token && heard.push(token) }));`,
  },
  "@spigot/vue": {
    field: "spigot-response",
    app: `${VUE} import { SpigotChallenge } from "@spigot/vue";
      mount(() => h(SpigotChallenge, { siteKey: "${SITE_KEY}", options: { action: "log-in" }, onToken: (token) => heard.push(token) }));`,
  },
  "@hcaptcha/vue3-hcaptcha": {
    field: "h-captcha-response",
    app: `${VUE} import VueHcaptcha from "@hcaptcha/vue3-hcaptcha";
      mount(() => h(VueHcaptcha, { sitekey: "${SITE_KEY}", apiEndpoint: location.origin + "/1/api.js", sentry: false, onVerify: (token) => heard.push(token) }));`,
  },
  "vue-recaptcha": {
    field: "g-recaptcha-response",
    compat: "/recaptcha/api.js?render=explicit&onload=vueRecaptchaApiLoaded",
    app: `${VUE} import { VueRecaptcha } from "vue-recaptcha";
      mount(() => h(VueRecaptcha, { sitekey: "${SITE_KEY}", loadRecaptchaScript: false, onVerify: (token) => heard.push(token) }));`,
  },
  "vue-turnstile": {
    field: "cf-turnstile-response",
    compat: "/turnstile/v0/api.js?render=explicit",
    app: `${VUE} import VueTurnstile from "vue-turnstile";
      mount(() => h(VueTurnstile, { siteKey: "${SITE_KEY}", action: "log-in", "onUpdate:modelValue": (token) => token && heard.push(token) }));`,
  },
};

for (const [name, { field, google, ...how }] of Object.entries(sceneries)) {
  test(`${name}: mounted, a token, sent with the form; unmounted, nothing left`, async () => {
    await scene(how, async ({ page, stub, context }) => {
      if (google) {
        await context.route("https://www.google.com/**", async (route) => {
          const { pathname, search } = new URL(route.request().url());
          await route.fulfill({ response: await route.fetch({ url: stub.origin + pathname + search }) });
        });
        stub.own.push("https://www.google.com/");
      }
      await page.goto(`${stub.origin}/`);
      assert.match(await token(page, field), /^token-\d$/);
      await page.waitForFunction(() => window.heard.length > 0);
      assert.equal(await page.locator("spigot-challenge").count(), 1);
      const sent = await page.inputValue(`[name="${field}"]`);
      if (how.app.includes("log-in")) assert.equal(stub.asked.at(-1).action, "log-in");
      await page.evaluate(() => window.setShown(false));
      await page.waitForFunction(() => document.querySelector("spigot-challenge") === null);
      await page.evaluate(() => window.setShown(true));
      const again = await token(page, field);
      assert.notEqual(again, sent);
      await page.click("button");
      assert.equal((await got(page))[field], again);
    });
  });
}
