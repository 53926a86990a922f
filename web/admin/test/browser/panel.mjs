// The demo with its panel, and people in a real browser who may load nothing but from it. Needs the built program and
// Chromium.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const binary = process.env.SPIGOT_BINARY ?? join(root, "target/debug/spigot");
const axe = readFileSync(fileURLToPath(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url)), "utf8");

export const PASSWORD = "four plain words here";
/** For whatever has to happen soon; a busy machine gets all of it. */
export const SOON = 60_000;
const STARTS = 3;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts the demo; again when somebody took one of its ports meanwhile. */
export async function startDemo(options = {}) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (attempt === STARTS) throw error;
    }
  }
}

async function startOnce({ config, prepare, data: kept } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "spigot-panel-"));
  const data = kept ?? join(folder, "data");
  // What the data folder shall hold before anybody starts on it.
  await prepare?.(data);
  const [shop, admin, service] = [await freePort(), await freePort(), await freePort()];
  const panel = `http://127.0.0.1:${admin}`;
  // One that has to know where the panel is, is made when that is known.
  if (typeof config === "function") {
    const file = join(folder, "policy.toml");
    await writeFile(file, config(panel));
    config = file;
  }
  const places = ["--listen", `127.0.0.1:${shop}`, "--admin", `127.0.0.1:${admin}`, "--service", `127.0.0.1:${service}`, "--data", data];
  const demo = spawn(binary, ["demo", ...places, ...(config ? ["--config", config] : [])]);
  const said = [];
  demo.stderr.on("data", (text) => said.push(String(text)));
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      demo.kill("SIGKILL");
      reject(new Error(`the demo said nothing: ${said.join("")}`));
    }, SOON);
    const settle = () => clearTimeout(late);
    demo.stdout.once("data", settle);
    demo.once("exit", settle);
    demo.stdout.once("data", resolve);
    demo.once("exit", (code) => reject(new Error(`the demo ended with ${code}: ${said.join("")}`)));
    demo.once("error", reject);
  });
  demo.stdout.resume();
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const command = (...args) => execFileSync(binary, [...args, "--data", data], { encoding: "utf8" });
  return {
    shop: `http://127.0.0.1:${shop}`,
    panel,
    data,
    pid: demo.pid,
    browser,
    command,
    log: () => said.join(""),
    /** A fresh one-time link. */
    link(name) {
      return JSON.parse(command("admin", "link", name, "--at", this.panel, "--format", "json")).link;
    },
    stop: async () => {
      await browser.close();
      const exited = new Promise((resolve) => demo.once("exit", resolve));
      if (demo.exitCode === null && demo.signalCode === null && demo.kill()) await exited;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Somebody at the panel who has not signed in. Everything that the browser complains about fails the test. `besides` is
 * the one other place that may be gone to. */
export async function somebody(demo, { besides, ...options } = {}) {
  // Playwright would answer `Sec-Fetch-Site` and all else as a browser does; nothing is taken out of its way.
  const context = await demo.browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(SOON);
  page.complaints = [];
  page.on("request", (request) => assert.ok([demo.panel, "data:", besides].some((own) => own && request.url().startsWith(own)), `asks a third party: ${request.url()}`));
  page.on("pageerror", (error) => page.complaints.push(error.message));
  page.on("console", (message) => {
    // What the API refuses is logged by the browser, too; the tests look at what the page says about it.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) page.complaints.push(message.text());
  });
  return page;
}

/** The admin of a new demo, signed in by one-time link. */
export async function admin(demo, options = {}) {
  return signedIn(demo, "admin", options);
}

/** Somebody with a role of their own. */
export async function person(demo, role, options = {}) {
  const name = `${role}-${Math.floor(performance.now())}`;
  demo.command("admin", "create", name, "--role", role);
  return signedIn(demo, name, options);
}

async function signedIn(demo, name, options) {
  const page = await somebody(demo, options);
  await page.goto(demo.link(name));
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Set it and sign in" }).click();
  await page.locator(".shell h1").waitFor();
  page.person = name;
  return page;
}

/** Opens a page of the panel by its name in the address. */
export async function open(demo, page, where) {
  await page.goto(`${demo.panel}/#/${where}`);
  await page.locator("#main h1").waitFor();
  await page.waitForFunction(() => !document.querySelector("#main .spinner"));
}

/** What axe finds in the page as it is, in both themes or in one. */
export async function accessible(page, what, themes = ["light", "dark"]) {
  for (const theme of themes) {
    await page.evaluate((theme) => (document.documentElement.dataset.theme = theme), theme);
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    const said = found.violations.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((node) => `  ${node.html}\n  ${node.failureSummary}`).join("\n")}`);
    assert.deepEqual(said, [], `${what}, ${theme}`);
  }
  await page.evaluate(() => delete document.documentElement.dataset.theme);
}

/** Asks until it is so. */
export async function until(what, question) {
  const end = Date.now() + SOON;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`never: ${what}`);
  }
}

/** Waits until a request from this address can be found. */
export function recorded(demo, address) {
  return until(`${address} is recorded`, () => demo.command("events", "--ip", address, "--format", "json").includes(address));
}

/** A visitor of the shop: one request, from an address of the loopback. */
export async function visit(demo, path = "/", { from, headers = {} } = {}) {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const asked = request(`${demo.shop}${path}`, { headers, agent: false, ...(from ? { localAddress: from } : {}) }, (response) => {
      response.resume();
      response.once("end", () => resolve({ status: response.statusCode, headers: response.headers }));
    });
    asked.once("error", reject);
    asked.end();
  });
}
