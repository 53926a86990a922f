// The examples' pages, with a stand-in for what Electron or a WebView puts there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { POLICY, pageFor } from "../../../examples/electron/page.js";
import { SITE_KEY, closeBrowser, visit } from "./stub.mjs";

after(closeBrowser);

const file = (path) => readFileSync(new URL(`../../../examples/${path}`, import.meta.url), "utf8");
const javascript = (text) => ({ type: "text/javascript", text });

test("Electron: the page under its policy, the service elsewhere, the token handed over", async () => {
  const answer = ({ url }, _, stub) => (url === "/form.js" ? javascript(file("electron/form.js")) : url === "/" ? { text: pageFor(stub.base, SITE_KEY) } : undefined);
  const init = () => (window.shop = { send: (token) => (window.sent = token) });
  await visit({ elsewhere: true, answer, headers: (stub) => ({ "Content-Security-Policy": POLICY(stub.base) }), init }, async ({ page, stub }) => {
    await page.fill("[name=name]", "kept");
    await page.click("button");
    await page.waitForFunction(() => window.sent === "token-1");
    assert.equal(stub.asked[0].action, "order");
  });
});

const BRIDGES = {
  WKWebView: () => (window.webkit = { messageHandlers: { spigot: { postMessage: (text) => (window.told ??= []).push(JSON.parse(text)) } } }),
  Android: () => (window.SpigotBridge = { postMessage: (text) => (window.told ??= []).push(JSON.parse(text)) }),
  "React Native": () => (window.ReactNativeWebView = { postMessage: (text) => (window.told ??= []).push(JSON.parse(text)) }),
};

for (const [name, init] of Object.entries(BRIDGES)) {
  test(`WebView, ${name}: shown when it must be, then the token; a foreign service is refused`, async () => {
    const answer = ({ url }) => {
      const [path] = url.split("?");
      if (path === "/webview.js") return javascript(file("webview/webview.js"));
      return path === "/index.html" ? { text: file("webview/index.html") } : undefined;
    };
    await visit({ interaction: "press", answer, init, go: false }, async ({ page, stub }) => {
      await page.goto(`${stub.origin}/index.html?key=${SITE_KEY}&action=log-in`);
      await page.click("spigot-challenge .go");
      await page.waitForFunction(() => window.told?.length === 2);
      assert.deepEqual(await page.evaluate(() => window.told), [{ is: "shown" }, { is: "token", token: "token-1" }]);
      assert.equal(stub.asked[0].action, "log-in");
      await page.goto(`${stub.origin}/index.html?key=${SITE_KEY}&service=https://evil.example`);
      await page.waitForFunction(() => window.told?.[0].code === "service_not_allowed");
    });
  });
}
