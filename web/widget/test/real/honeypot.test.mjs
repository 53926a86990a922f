// The field that people cannot see, in the demo's shop and a real browser: not on the screen, not in the order of tabs, not
// in what screen readers are told, left empty by the browser's own filling in; and a form with it goes through.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ended } from "../../../challenge/test/ended.mjs";
import { chromium } from "playwright-core";
import { browsersOf } from "../../../solver/test/browser.mjs";

const BINARY = process.env.SPIGOT_BINARY ?? fileURLToPath(new URL("../../../../target/debug/spigot", import.meta.url));
const { openBrowser, closeBrowser } = browsersOf(chromium);
const folder = mkdtempSync(join(tmpdir(), "spigot-honeypot-"));
let origin, program;

const freePort = () => new Promise((resolve) => {
  const listener = createServer().listen(0, "127.0.0.1", () => {
    const { port } = listener.address();
    listener.close(() => resolve(port));
  });
});

before(async () => {
  const [port, admin, service] = [await freePort(), await freePort(), await freePort()];
  origin = `http://127.0.0.1:${port}`;
  const policy = join(folder, "policy.toml");
  writeFileSync(policy, '[[route]]\nname = "all"\nmatch = "/**"\ninject_honeypot = true\n');
  const at = (number) => `127.0.0.1:${number}`;
  const args = ["demo", "--listen", at(port), "--admin", at(admin), "--service", at(service), "--data", join(folder, "data"), "--config", policy];
  program = spawn(BINARY, args, { stdio: ["ignore", "ignore", "inherit"] });
  const answers = async () => (await fetch(origin).catch(() => undefined))?.ok;
  for (const end = Date.now() + 20_000; !(await answers()); await new Promise((resolve) => setTimeout(resolve, 50))) {
    assert.ok(Date.now() < end && program.exitCode === null, "the demo does not start");
  }
});

after(async () => {
  await closeBrowser();
  await ended(program);
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});

async function visit(path, scenario) {
  const context = await (await openBrowser()).newContext({ locale: "en-US" });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const breaches = [];
    page.on("console", (message) => /Content Security Policy/.test(message.text()) && breaches.push(message.text()));
    await page.goto(origin + path);
    await scenario(page);
    assert.deepEqual(breaches, []);
  } finally {
    await context.close();
  }
}

const FIELD = 'form [tabindex="-1"][autocomplete="off"]';

test("nobody sees it, reaches it, or is told of it", () => visit("/signup", async (page) => {
  const boxes = await page.locator(FIELD).evaluateAll((fields) => fields.map((field) => field.getBoundingClientRect().right));
  assert.equal(boxes.length, 2, "sign-up and newsletter");
  assert.ok(boxes.every((right) => right < 0), `off the screen: ${boxes}`);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "and no scroll bar to it");
  const entered = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    entered.push(await page.evaluate(() => document.activeElement?.getAttribute("name")));
  }
  const name = await page.locator(FIELD).first().getAttribute("name");
  assert.ok(entered.includes("email") && !entered.includes(name), String(entered));
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  assert.ok(!JSON.stringify(nodes.filter((node) => !node.ignored)).includes("Leave this empty"));
}));

test("the browser fills in a card and leaves it empty", () => visit("/signup", async (page) => {
  // The fields of a card beside it, as a shop's order has them.
  await page.evaluate((field) => {
    const form = document.querySelector(field).form;
    for (const kind of ["cc-name", "cc-number", "cc-exp-month", "cc-exp-year", "cc-csc"]) {
      const input = document.createElement("input");
      Object.assign(input, { name: kind, autocomplete: kind });
      form.prepend(input);
    }
  }, FIELD);
  const session = await page.context().newCDPSession(page);
  await session.send("DOM.enable");
  const { root } = await session.send("DOM.getDocument", { depth: -1 });
  const { nodeId } = await session.send("DOM.querySelector", { nodeId: root.nodeId, selector: "[name=cc-number]" });
  const { node } = await session.send("DOM.describeNode", { nodeId });
  const card = { number: "4111111111111111", name: "Ada Lovelace", expiryMonth: "12", expiryYear: "2040", cvc: "123" };
  await page.focus("[name=cc-number]");
  await session.send("Autofill.trigger", { fieldId: node.backendNodeId, card });
  await page.waitForFunction(() => document.querySelector("[name=cc-number]").value !== "");
  assert.deepEqual(await page.locator(FIELD).evaluateAll((fields) => fields.map((field) => field.value)), ["", ""]);
}));

test("a form with it goes through; a program that fills everything in does not", async () => {
  const subscribe = (fill) => visit("/", async (page) => {
    const form = page.locator('form[action="/newsletter"]');
    await form.locator("[name=email]").fill("ada@example.org");
    await fill(form);
    const answered = page.waitForResponse((response) => response.request().method() === "POST");
    await form.locator("button").click();
    const status = (await answered).status();
    assert.equal(status, fill === nothing ? 200 : 403);
  });
  const nothing = () => {};
  await subscribe(nothing);
  await subscribe((form) => form.locator('[tabindex="-1"]').evaluate((field) => (field.value = "http://spam.example")));
});
