// The forms of a policy that builds on the shipped one: each changes one value of the text, and is put in force.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, admin, open, person, startDemo, until, visit } from "./panel.mjs";

let demo;
const OURS = '# ours\nextends = "default"\n';
before(async () => (demo = await startDemo({ config: () => OURS })));
after(() => demo?.stop());

/** The draft's text, as the other view shows it. */
async function written(page) {
  await page.getByRole("link", { name: "Text", exact: true }).click();
  const text = await page.locator(".policy-text").inputValue();
  await page.getByRole("link", { name: "Forms", exact: true }).click();
  return text;
}

/** Changes a field and waits until the draft has it. */
async function set(page, act) {
  await Promise.all([page.waitForResponse((answer) => answer.url().endsWith("/api/policy/edit") && answer.ok()), act()]);
  await page.waitForFunction(() => !document.querySelector("#main fieldset:disabled"));
}

async function publish(page, note) {
  await page.getByRole("link", { name: "Publish", exact: true }).click();
  await page.getByLabel("What it changes").fill(note);
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("published", { exact: true }).waitFor();
}

test("shipped routes are changed where they stand, own ones come and go", async () => {
  const page = await admin(demo);
  await open(demo, page, "policy/forms");
  const route = page.getByLabel("Route", { exact: true });
  await route.selectOption("login");
  await page.getByText("shipped", { exact: true }).first().waitFor();
  await set(page, () => page.getByLabel("Asks").selectOption({ label: "who is conspicuous" }));
  await page.getByText("shipped, changed here").waitFor();
  await set(page, () => page.getByLabel("Level").selectOption({ label: "high" }));
  await set(page, async () => {
    await page.getByLabel("Challenge from a risk of").fill("44");
    await page.keyboard.press("Enter");
  });
  await accessible(page, "a shipped route that is changed");
  assert.equal(await written(page), `${OURS}\n[[route]]\nname = "login"\nask = "suspected"\nlevel = "high"\nthresholds = { challenge = 44 }\n`);
  // What is left for every other request, too.
  await route.selectOption("default");
  await set(page, () => page.getByLabel("Mode").selectOption({ label: "only record them" }));
  // A route of one's own.
  await page.getByRole("button", { name: "Add a route" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("login");
  await dialog.getByLabel("Requests").fill("GET /products/*");
  await dialog.getByRole("button", { name: "Into the draft" }).click();
  await dialog.getByText("There is a route login already").waitFor();
  await dialog.getByLabel("Name").fill("offers");
  await accessible(page, "a new route");
  await set(page, () => dialog.getByRole("button", { name: "Into the draft" }).click());
  await set(page, () => page.getByLabel("Asks").selectOption({ label: "everybody, once" }));
  await page.getByRole("button", { name: "Change what it is for" }).click();
  assert.equal(await dialog.getByLabel("Requests").inputValue(), "GET /products/*");
  await dialog.getByLabel("Requests").fill("GET /products/*\nGET /offers/**");
  await set(page, () => dialog.getByRole("button", { name: "Into the draft" }).click());
  const draft = await written(page);
  assert.ok(draft.endsWith('[[route]]\nname = "default"\nmode = "monitor"\n\n[[route]]\nname = "offers"\nmatch = ["GET /products/*", "GET /offers/**"]\nask = "always"\n'), draft);
  await publish(page, "offers ask everybody");
  const json = { accept: "application/json" };
  await until("asked", async () => (await visit(demo, "/products/1", { headers: json })).status === 403);
  // Away again, and the shipped ones as they were.
  await open(demo, page, "policy/forms");
  for (const [name, button, submit] of [["offers", "Remove", "Remove"], ["default", "Back to what is shipped", "Back to what is shipped"], ["login", "Back to what is shipped", "Back to what is shipped"]]) {
    await route.selectOption(name);
    await page.locator("#main").getByRole("button", { name: button, exact: true }).first().click();
    await set(page, () => dialog.getByRole("button", { name: submit }).click());
  }
  await publish(page, "as it was");
  await until("free again", async () => (await visit(demo, "/products/1", { headers: json })).status === 200);
  await open(demo, page, "policy/forms");
  assert.equal((await written(page)).trimEnd(), OURS.trimEnd());
  assert.deepEqual(page.complaints, []);
});

test("a shipped limit becomes the text's own, and goes again", async () => {
  const page = await person(demo, "operator");
  await open(demo, page, "policy/forms");
  const row = page.getByRole("row", { name: /login-posts/ });
  await row.getByText("shipped").waitFor();
  await row.getByRole("button", { name: "Change" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("So many events").fill("9");
  await accessible(page, "a limit");
  await set(page, () => dialog.getByRole("button", { name: "Into the draft" }).click());
  await row.getByText("9 in 1d per client").waitFor();
  const draft = await written(page);
  for (const line of ['name = "login-posts"', 'rate = "9 per 1d per client"', 'action = "challenge"', 'routes = ["login", "api-login"]']) assert.ok(draft.includes(`${line}\n`), draft);
  assert.match(draft, /when = .*request\.method == /);
  await row.getByRole("button", { name: "Remove" }).click();
  await set(page, () => dialog.getByRole("button", { name: "Remove" }).click());
  await row.getByText("8 in 1d per client").waitFor();
  assert.equal((await written(page)).trimEnd(), OURS.trimEnd());
  assert.deepEqual(page.complaints, []);
});

test("a ladder changes by one value", async () => {
  const page = await person(demo, "operator");
  await open(demo, page, "policy/forms");
  const slow = page.getByLabel("Slowed from");
  assert.equal(await slow.inputValue(), "5");
  await set(page, async () => {
    await slow.fill("4");
    await page.keyboard.press("Enter");
  });
  assert.match(await written(page), /\[restrict\]\nslow_from = 4\n/);
  assert.equal(await page.getByLabel("Refused from").inputValue(), "8", "what is not named stays");
  await slow.fill("40000");
  await page.keyboard.press("Enter");
  await page.locator("#main .notice.danger", { hasText: "slow_from" }).waitFor();
  assert.deepEqual(page.complaints, []);
});
