// The way without JavaScript, in a real browser against the real program: every language, what axe says, and a form
// that arrives. Needs the built binary (cargo build) and Chromium.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ended } from "../ended.mjs";
import { closeBrowser, openBrowser } from "../browser/stub.mjs";

const binary = process.env.SPIGOT_BINARY ?? fileURLToPath(new URL("../../../../target/debug/spigot", import.meta.url));
const texts = JSON.parse(readFileSync(new URL("../../dist/texts.json", import.meta.url), "utf8"));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const POLICY = `
[[route]]
name = "login"
match = "POST /login"
ask = "always"
level = "medium"
wait = "medium"

[[route]]
name = "form"
match = "GET /login"
ask = "suspected"

[challenge]
wait = "300ms"
`;

let folder, demo, origin;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "spigot-plain-"));
  writeFileSync(join(folder, "policy.toml"), POLICY);
  const [port, admin, service] = [await freePort(), await freePort(), await freePort()];
  origin = `http://127.0.0.1:${port}`;
  const files = ["--data", join(folder, "data"), "--config", join(folder, "policy.toml")];
  demo = spawn(binary, ["demo", "--listen", `127.0.0.1:${port}`, "--admin", `127.0.0.1:${admin}`, "--service", `127.0.0.1:${service}`, ...files]);
  await new Promise((resolve, reject) => {
    demo.stdout.once("data", resolve);
    demo.once("exit", (code) => reject(new Error(`the demo ended with ${code}`)));
    demo.once("error", reject);
  });
});

after(async () => {
  await closeBrowser();
  await ended(demo);
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});

/** A page's HTML as it came, looked at by axe in a page that may run it. */
async function violations(page) {
  const html = await page.content();
  const looking = await (await (await openBrowser()).newContext()).newPage();
  await looking.route("**/looked-at", (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: html.replace(/<script[^>]*src[^>]*>/g, "<script>") .replaceAll(/<\/?noscript>/g, "") }));
  await looking.goto(`${origin}/looked-at`);
  // The card appears gently; colours that are measured on the way are not what is seen.
  await looking.evaluate(() => document.getAnimations().forEach((animation) => animation.finish()));
  await looking.evaluate(axe);
  const found = await looking.evaluate((values) => axe.run({ runOnly: { type: "tag", values } }), TAGS);
  await looking.context().close();
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

for (const [tag, said] of Object.entries(texts)) {
  test(`${tag}: a form arrives after two waits`, async () => {
    const context = await (await openBrowser()).newContext({ javaScriptEnabled: false, locale: tag });
    const page = await context.newPage();
    await page.goto(`${origin}/login`);
    await page.fill("input[name=email]", `${tag}@example.org`);
    await page.fill("input[type=password]", "not the passphrase");
    await page.press("input[type=password]", "Enter");
    await page.waitForSelector("form[action='/.spigot/wait']");
    for (let step = 1; step <= 2; step++) {
      assert.equal(await page.getAttribute("html", "lang"), tag);
      assert.equal(await page.getAttribute("html", "dir"), said.dir);
      assert.deepEqual(await violations(page), [], `step ${step}`);
      await page.click("form[action='/.spigot/wait'] button");
      // Who is too soon finds a link, and follows it until it is time.
      while (await page.isVisible("a.action")) {
        assert.equal(await page.textContent(".text"), said.earlyText);
        await page.click("a.action");
      }
    }
    assert.equal(await page.textContent("h1"), said.keptHeading);
    assert.deepEqual(await violations(page), [], "the end");
    await page.click("form button");
    await page.waitForSelector("input[type=password]");
    await page.goto(`${origin}/received`);
    const received = await page.textContent("body");
    assert.ok(received.includes("/login"), received);
    await context.close();
  });
}
