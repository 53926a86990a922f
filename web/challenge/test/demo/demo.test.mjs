// The real program, a real browser: what a visitor meets. Needs the built binary (cargo build) and Chromium.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ended } from "../ended.mjs";
import { chromium } from "playwright-core";
import { FLAGS, agentOf } from "./person.mjs";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const binary = process.env.SPIGOT_BINARY ?? join(root, "target/debug/spigot");
const shots = process.env.SPIGOT_SHOTS;

let folder, demo, browser, origin, userAgent;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spigot-demo-"));
  const [port, admin, service] = [await freePort(), await freePort(), await freePort()];
  origin = `http://127.0.0.1:${port}`;
  demo = spawn(binary, ["demo", "--listen", `127.0.0.1:${port}`, "--admin", `127.0.0.1:${admin}`, "--service", `127.0.0.1:${service}`, "--data", join(folder, "data")]);
  await new Promise((resolve, reject) => {
    demo.stdout.once("data", resolve);
    demo.once("exit", (code) => reject(new Error(`the demo ended with ${code}`)));
    demo.once("error", reject);
  });
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", ...FLAGS],
  });
  userAgent = await agentOf(browser);
});

after(async () => {
  await browser?.close();
  await ended(demo);
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

/** A new visitor, whose browser must not ask anybody but the shop for anything. */
async function visitor(options = {}) {
  const context = await browser.newContext({ userAgent, ...options });
  const page = await context.newPage();
  page.on("request", (request) => assert.ok(request.url().startsWith(origin) || request.url().startsWith("data:"), request.url()));
  return page;
}

test("an ordinary page is just the page", async () => {
  const page = await visitor();
  const answer = await page.goto(`${origin}/`);
  assert.equal(answer.status(), 200);
  if (shots) await page.screenshot({ path: join(shots, "shop.png") });
  await page.context().close();
});

test("a question goes through with what the widget brings, and is asked for nothing", async () => {
  for (const options of [{}, { colorScheme: "dark", viewport: { width: 360, height: 720 } }]) {
    const page = await visitor(options);
    const said = [];
    page.on("console", (message) => said.push(message.text()));
    await page.goto(`${origin}/contact`);
    // As people do: what fills a form in without a key or a pointer is asked for a press.
    for (const [field, text] of [["main input[name=email]", "somebody@example.org"], ["main textarea", "Does the heron come in brass?"]]) {
      await page.click(field);
      await page.keyboard.type(text, { delay: 15 });
    }
    await page.waitForSelector("spigot-challenge[data-state=done]", { state: "attached", timeout: 30_000 });
    if (shots) await page.screenshot({ path: join(shots, `contact-${options.colorScheme ?? "light"}.png`), fullPage: true });
    await page.click("main button");
    await page.waitForSelector("text=We have your question", { timeout: 30_000 });
    assert.deepEqual(said, []);
    await page.context().close();
  }
});

test("a sensitive page opens by itself, and is not asked for again", async () => {
  const page = await visitor();
  const first = await page.goto(`${origin}/login`);
  assert.equal(first.status(), 403);
  await page.waitForSelector("input[type=password]", { timeout: 30_000 });
  assert.equal(new URL(page.url()).pathname, "/login");
  const again = await page.goto(`${origin}/login`);
  assert.equal(again.status(), 200, "a clearance is not asked for again");
  const other = await page.goto(`${origin}/signup`);
  assert.equal(other.status(), 200, "nor on another route of its level");
  await page.context().close();
});

test("a form that is challenged reaches the shop once", async () => {
  const page = await visitor();
  await page.goto(`${origin}/login`);
  await page.waitForSelector("input[type=password]", { timeout: 30_000 });
  // The clearance is lost between showing the form and posting it.
  await page.context().clearCookies();
  await page.fill("input[type=email], input[name=email]", "ada@example.org");
  await page.fill("input[type=password]", "not the passphrase");
  await page.press("input[type=password]", "Enter");
  await page.waitForFunction(() => document.querySelector("input[type=password]") !== null && document.querySelector("#spigot-challenge") === null, null, { timeout: 30_000 });
  const received = await page.evaluate(() => fetch("/received").then((answer) => answer.json()));
  const logins = received.filter((post) => post.path === "/login");
  assert.equal(logins.length, 1);
  assert.ok(logins[0].fields.includes("password"));
  await page.context().close();
});

test("the interstitial in light and dark, wide and narrow", async () => {
  for (const [colorScheme, width] of [["light", 1280], ["dark", 1280], ["light", 390], ["dark", 390]]) {
    const page = await visitor({ colorScheme, viewport: { width, height: 800 } });
    // Held open: the proof is never answered.
    await page.route("**/.spigot/solve", () => {});
    await page.goto(`${origin}/login`);
    await page.waitForSelector("#card", { timeout: 10_000 });
    await page.waitForFunction(() => getComputedStyle(document.querySelector("#card")).opacity === "1");
    assert.match(await page.textContent("body"), /[0-9a-z]{16}/, "it shows the decision's id");
    if (shots) await page.screenshot({ path: join(shots, `interstitial-${colorScheme}-${width}.png`) });
    await page.context().close();
  }
});
