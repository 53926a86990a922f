// What happened is seen: in sums, in the log, and one decision on the phone.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { accessible, admin, open, person, startDemo } from "./panel.mjs";
import { traffic, visit } from "./traffic.mjs";

let demo;
let decision;
before(async () => {
  demo = await startDemo();
  decision = await traffic(demo.shop, 60);
});
after(() => demo?.stop());

test("an overview tells how much was asked and refused, by what", async () => {
  const page = await admin(demo);
  await open(demo, page, "overview?range=hour");
  await page.getByRole("heading", { name: "Over time" }).waitFor();
  await accessible(page, "overview");
  await page.getByRole("cell", { name: "login", exact: true }).waitFor();
  await page.getByRole("link", { name: "Reasons" }).click();
  await page.getByRole("link", { name: "sensitive_route" }).click();
  // It leads to the events behind it.
  await page.getByRole("heading", { name: "Activity" }).waitFor();
  await page.getByText("sensitive_route").first().waitFor();
  assert.match(page.url(), /reason=sensitive_route/);
  // Charts are read with the keyboard, and as tables.
  await open(demo, page, "overview?range=hour");
  await page.getByRole("slider", { name: "Requests", exact: true }).press("ArrowLeft");
  await page.getByText("The same as a table").first().click();
  await page.getByRole("region", { name: "Requests", exact: true }).first().waitFor();
  assert.deepEqual(page.complaints, []);
});

test("the log is searched, opened and exported", async () => {
  const page = await admin2();
  await open(demo, page, "activity");
  await page.getByLabel("Address").fill("127.0.0.61");
  await page.getByText("3 found.").waitFor();
  await accessible(page, "activity");
  await page.getByRole("table").getByRole("button").first().click();
  await page.getByRole("dialog").getByText("What would have changed it").waitFor();
  await accessible(page, "a decision");
  await page.keyboard.press("Escape");
  const [csv] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export CSV" }).click()]);
  const text = await readFile(await csv.path(), "utf8");
  assert.equal(text.trim().split("\r\n").length, 4, text);
  assert.ok(text.startsWith("time,id,"), text);
  const [jsonl] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export JSONL" }).click()]);
  const events = (await readFile(await jsonl.path(), "utf8")).trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(events.length, 3);
  // The same decisions in both.
  for (const event of events) assert.ok(text.includes(event.id), `${event.id} is not in\n${text}`);
  await page.getByLabel("Country").fill("Atlantis");
  await page.getByText("Write two letters", { exact: false }).or(page.getByText("two letters", { exact: false })).first().waitFor();
  assert.deepEqual(page.complaints, []);
});

test("what happens is followed live", async () => {
  const page = await admin2();
  await open(demo, page, "activity?path=/live");
  await page.getByText("Nothing fits").waitFor();
  await page.getByRole("switch", { name: "Live" }).check();
  // It follows from the moment that the first answer names.
  await page.waitForResponse((response) => response.url().includes("/api/events/newer"));
  await visit(demo.shop, 33, "/live-now");
  await page.getByText("GET /live-now").waitFor();
});

test("support reads a story, marks it, lets a visitor through, and sees no whole address", async () => {
  const page = await person(demo, "support");
  await page.getByRole("searchbox", { name: "Decision id" }).fill(decision.toUpperCase());
  await page.keyboard.press("Enter");
  await page.getByText("What would have changed it").waitFor();
  await accessible(page, "support");
  assert.ok(!(await page.locator("#main").innerText()).includes("127.0.0.9"), "a whole address");
  await page.getByText("127.0.0.0/24").first().waitFor();
  await page.getByRole("button", { name: "A person: false positive" }).click();
  await page.getByText("marked: a person").waitFor();
  assert.equal((await visit(demo.shop, 9, "/login")).status, 403);
  await page.getByLabel("Why").fill("cannot sign in");
  await page.getByRole("button", { name: "Let them through" }).click();
  await page.getByText("passes on login until").waitFor();
  const deadline = Date.now() + 60_000;
  while ((await visit(demo.shop, 9, "/login")).status !== 200) assert.ok(Date.now() < deadline, "the exception does not hold");
  assert.equal((await visit(demo.shop, 10, "/login")).status, 403);
  await open(demo, page, "support/nonsense");
  await page.getByText("That is no decision's id").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a week is reviewed while one waits", async () => {
  const page = await admin2();
  await open(demo, page, "review");
  await page.getByText("There is no review yet").waitFor();
  await accessible(page, "no review yet");
  await page.getByRole("button", { name: "Make a new one" }).click();
  await page.getByRole("heading", { name: "Repeat offenders" }).waitFor();
  await page.getByRole("cell", { name: "first visits" }).waitFor();
  await accessible(page, "a review");
  assert.deepEqual(page.complaints, []);
});

test("health says whether everything works, in the dark and on a phone", async () => {
  const page = await admin2({ viewport: { width: 390, height: 844 }, colorScheme: "dark" });
  for (const where of ["health", "overview", "activity", "review", `support/${decision}`]) {
    await open(demo, page, where);
    await page.waitForFunction(() => !document.querySelector("#main .spinner"));
    await accessible(page, `${where} on a phone in the dark`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `${where} is ${wide} wide`);
  }
  assert.deepEqual(page.complaints, []);
});

/** The first admin has signed in with the one link there is; others are made. */
const admin2 = (options) => person(demo, "operator", options);
