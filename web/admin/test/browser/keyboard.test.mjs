// Each main job without a mouse: what is needed can be reached with Tab, is seen to be reached, and does it with the keys
// that people know.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PASSWORD, admin, recorded, startDemo, until, visit } from "./panel.mjs";

const json = { accept: "application/json" };
/** More stops than any page has. */
const STOPS_MAX = 400;

let demo;
let page;
before(async () => {
  demo = await startDemo();
  page = await admin(demo);
});
after(() => demo?.stop());

const button = (name) => page.getByRole("button", { name, exact: true }).first();
const label = (name) => page.getByLabel(name, { exact: true }).first();

/** Goes on with Tab until it is there. Every stop on the way is seen. */
async function reach(target, key = "Tab") {
  await target.waitFor();
  for (let stop = 0; stop < STOPS_MAX; stop++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
    const unseen = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return "";
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      return outlineStyle === "none" && boxShadow === "none" ? element.outerHTML.slice(0, 200) : parseFloat(outlineWidth) > 0 || boxShadow !== "none" ? "" : element.outerHTML.slice(0, 200);
    });
    assert.equal(unseen, "", "where the keyboard is cannot be seen");
  }
  throw new Error(`never reached: ${target}`);
}

/** Reaches it and presses. */
async function press(target, key = "Enter") {
  await reach(target);
  await page.keyboard.press(key);
}

/** Reaches a field and writes over what is in it. */
async function write(target, text) {
  await reach(target);
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(text);
}

/** Through the navigation. */
async function go(name) {
  await press(page.locator("#navigation").getByRole("link", { name, exact: true }).first());
  await page.locator("#main h1", { hasText: name }).waitFor();
  await page.waitForFunction(() => !document.querySelector("#main .spinner"));
}

test("sign out, and in again", async () => {
  await press(button("Sign out"));
  await write(label("Name"), page.person);
  await write(label("Password"), PASSWORD);
  await page.keyboard.press("Enter");
  await page.locator(".shell h1").waitFor();
});

test("force a challenge, and end it", async () => {
  await go("Security: CAPTCHA");
  await write(page.getByLabel("Enter the target endpoint").first(), "GET /products/*");
  await write(label("Why"), "a wave of scrapers");
  await press(page.getByRole("switch", { name: "Enable Manual CAPTCHA" }), "Space");
  await page.getByRole("cell", { name: "a wave of scrapers" }).waitFor();
  await until("challenged", async () => (await visit(demo, "/products/1", { headers: json })).status === 403);
  await press(page.getByRole("switch", { name: "Stop" }), "Space");
  await page.getByText("No endpoint has a forced challenge").waitFor();
  await until("free again", async () => (await visit(demo, "/products/1", { headers: json })).status === 200);
});

test("deny an address; a dialog keeps the keyboard, and gives it back", async () => {
  await go("Lists");
  await press(button("Add an entry"));
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  // A full round of Tab ends nowhere else.
  for (let stop = 0; stop < 12; stop++) {
    await page.keyboard.press("Tab");
    const outside = await page.evaluate(() => document.activeElement !== document.body && !document.activeElement?.closest("dialog"));
    assert.ok(!outside, "the keyboard left the dialog");
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await until("the keyboard is where it came from", async () =>
    (await page.evaluate(() => document.activeElement?.textContent?.trim())) === "Add an entry");
  await page.keyboard.press("Enter");
  await write(label("Subject"), "127.0.0.7");
  await write(label("Note"), "guesses coupons");
  await page.keyboard.press("Enter");
  await page.getByRole("cell", { name: "127.0.0.7" }).waitFor();
  await until("refused", async () => (await visit(demo, "/", { from: "127.0.0.7" })).status === 403);
});

test("find a request, open it, and go on to Support", async () => {
  await recorded(demo, "127.0.0.7");
  await go("Activity");
  await write(label("Address"), "127.0.0.7");
  await press(page.getByRole("table").getByRole("button").first());
  await press(page.getByRole("dialog").getByRole("link", { name: "Open in Support" }));
  await page.getByText("What would have changed it").waitFor();
  await press(button("A person: false positive"));
  await page.getByText("marked: a person").waitFor();
  await press(page.getByLabel("Why").first(), "x");
  await press(button("Let them through"));
  await page.getByText("passes on").first().waitFor();
});

test("read a chart", async () => {
  await go("Overview");
  await reach(page.getByRole("slider", { name: "Requests", exact: true }));
  await page.keyboard.press("ArrowLeft");
  await page.locator(".chart-reading", { hasText: "Requests" }).first().waitFor();
  await press(page.locator(".chart-table summary").first());
  await page.locator(".chart-table[open]").first().waitFor();
});

test("change the policy, look at what it would have done, publish, and roll back", async () => {
  await go("Policy");
  await press(page.getByRole("link", { name: "Forms", exact: true }));
  await write(label("Challenge from a risk of"), "44");
  await page.keyboard.press("Enter");
  await page.getByText("draft, not published").waitFor();
  await press(page.getByRole("link", { name: "What would it have done" }));
  await press(button("Replay"));
  await page.locator(".notice, .state.empty").first().waitFor();
  await press(page.getByRole("link", { name: "Publish", exact: true }));
  await write(label("What it changes"), "a little stricter");
  await page.keyboard.press("Enter");
  await page.getByText("published", { exact: true }).waitFor();
  await press(page.getByRole("link", { name: "History" }));
  await press(page.getByRole("row", { name: /the file/ }).getByRole("button", { name: "Compare" }));
  await press(button("Roll back to this"));
  await write(label("What it changes"), "back");
  await page.keyboard.press("Enter");
  await page.getByText("published", { exact: true }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("from the text of the policy Tab leads on", async () => {
  await press(page.getByRole("link", { name: "Text", exact: true }));
  await reach(page.locator(".policy-text"));
  await page.keyboard.press("Tab");
  assert.notEqual(await page.evaluate(() => document.activeElement?.className), "input code policy-text");
});
