// Draft, replay, publish, roll back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, admin, open, person, startDemo, until, visit } from "./panel.mjs";

let demo;
before(async () => (demo = await startDemo()));
after(() => demo?.stop());

const json = { accept: "application/json" };
const text = (page) => page.locator(".policy-text");

test("draft, replay, publish, roll back", async () => {
  const page = await admin(demo);
  for (let visitor = 0; visitor < 20; visitor++) assert.equal((await visit(demo, "/products/1", { headers: json })).status, 200);
  await open(demo, page, "policy");
  await accessible(page, "policy, text");
  const shipped = await text(page).inputValue();
  await text(page).fill(shipped.replace('mode = "enforce"', 'mode = "enforced"'));
  await page.getByText("1 problem").first().waitFor();
  await accessible(page, "policy with a problem");
  const draft = `[[route]]\nname = "products"\nmatch = ["GET /products/*"]\nask = "always"\n\n${shipped.slice(shipped.indexOf("[[route]]"))}`;
  const top = shipped.slice(0, shipped.indexOf("[[route]]"));
  await text(page).fill(top + draft);
  await page.getByText("Nothing is wrong with it").waitFor();
  await page.getByRole("link", { name: "What would it have done" }).click();
  await until("the requests are recorded and replayed", async () => {
    await page.getByRole("button", { name: "Replay" }).click();
    await page.locator(".notice, .state.empty").first().waitFor();
    return (await page.getByRole("cell", { name: "products" }).count()) > 0;
  });
  await accessible(page, "a replay");
  // 20 visits, one each; who made them, what becomes of them, and that nobody is stopped by what is asked once.
  const [, requests, different] = /^Of (\d+) requests (\d+) would be treated differently, of \d+ clients: 0 newly stopped, 0 no longer/.exec(await page.locator("#main .notice").innerText()) ?? [];
  assert.ok(Number(different) >= 20 && Number(requests) >= Number(different), `${different} of ${requests}`);
  const products = page.getByRole("region", { name: "Per route" }).getByRole("row", { name: /^products/ });
  assert.match(await products.innerText(), /0 → 20/);
  await page.getByRole("region", { name: "Who" }).getByRole("cell", { name: "allowed → asked once" }).first().waitFor();
  await page.getByText("counts as solved here").waitFor();
  assert.equal((await visit(demo, "/products/1", { headers: json })).status, 200, "nobody meets a draft");
  await page.getByRole("link", { name: "Publish", exact: true }).click();
  await page.getByText("lines in, 0 lines out").first().waitFor();
  await page.getByLabel("What it changes").fill("products ask everybody");
  await accessible(page, "before publication");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("published", { exact: true }).waitFor();
  await until("asked", async () => (await visit(demo, "/products/1", { headers: json })).status === 403);
  await page.getByRole("link", { name: "History" }).click();
  await page.getByRole("row", { name: /the file/ }).getByRole("button", { name: "Compare" }).click();
  await page.getByRole("button", { name: "Roll back to this" }).click();
  await page.getByLabel("What it changes").fill("back");
  await page.getByRole("button", { name: "Publish" }).click();
  await until("free again", async () => (await visit(demo, "/products/1", { headers: json })).status === 200);
  await open(demo, page, "policy/history");
  await page.getByRole("row", { name: /admin/ }).first().waitFor();
  await accessible(page, "history");
  assert.deepEqual(page.complaints, []);
});

test("forms change the same text, and keep its remarks", async () => {
  const page = await admin(demo);
  await open(demo, page, "policy/forms");
  await page.getByLabel("Route", { exact: true }).selectOption("login");
  await page.getByLabel("Challenge from a risk of").fill("44");
  await page.keyboard.press("Enter");
  await page.getByText("draft, not published").waitFor();
  await accessible(page, "policy, forms");
  await page.getByRole("link", { name: "Text", exact: true }).click();
  const changed = await text(page).inputValue();
  assert.match(changed, /thresholds = \{ challenge = 44 \}/);
  assert.match(changed, /^# The default policy of Spigot/);
  assert.deepEqual(page.complaints, []);
});

test("two operators do not overwrite each other, and an analyst publishes nothing", async () => {
  const [ada, bob] = [await person(demo, "operator"), await person(demo, "operator")];
  for (const page of [ada, bob]) {
    await open(demo, page, "policy");
    await text(page).fill(`${await text(page).inputValue()}\n# by ${page.person}\n`);
    await page.getByRole("link", { name: "Publish", exact: true }).click();
    await page.getByLabel("What it changes").fill("a remark");
  }
  await ada.getByRole("button", { name: "Publish" }).click();
  await ada.getByText("published", { exact: true }).waitFor();
  await bob.getByRole("button", { name: "Publish" }).click();
  await bob.getByText(new RegExp(`${ada.person} changed the policy`, "i")).waitFor();
  const analyst = await person(demo, "analyst");
  await open(demo, analyst, "policy");
  assert.equal(await text(analyst).getAttribute("readonly"), "");
  assert.deepEqual([...ada.complaints, ...bob.complaints, ...analyst.complaints], []);
});
