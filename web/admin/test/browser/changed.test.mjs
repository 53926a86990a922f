// What pages say of a demo that was changed while it ran, and of a node that fails.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, admin, open, person, startDemo, until, visit } from "./panel.mjs";

const CONFIG = `extends = "default"

[[route]]
name = "offers"
match = "/products/*"
triggers = { high_frequency = { more_than = 4 } }
`;
let demo;
before(async () => (demo = await startDemo({ config: () => CONFIG })));
after(() => demo?.stop());

/** The view with what the API would say. */
async function shown(page, path, json) {
  await page.route(`**/api/${path}`, (route) => route.fulfill({ json }));
}

test("a promotion's tripled thresholds hold, and the CAPTCHA page shows them", async () => {
  const page = await admin(demo);
  const ask = async (from) => (await visit(demo, "/products/1", { from, headers: { accept: "application/json" } })).status;
  const asked = async (from, passes) => {
    for (let count = 0; count < passes; count++) assert.equal(await ask(from), 200, `${from}, request ${count + 1} of ${passes}`);
    assert.equal(await ask(from), 403, `${from}, the one after ${passes}`);
  };
  await asked("127.0.0.21", 4);
  await open(demo, page, "captcha");
  const row = page.getByRole("row", { name: /^offers/ });
  await row.getByText("of 4 in 20 minutes").first().waitFor();
  await open(demo, page, "exceptions");
  await page.getByRole("button", { name: "Make an exception" }).click();
  await page.getByLabel("Name").fill("friday");
  await page.getByRole("checkbox", { name: "offers", exact: true }).check();
  await page.getByLabel("Why").fill("half-price evening");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: "friday" }).getByText("3 times the usual").waitFor();
  // It is in force when the page says so.
  await open(demo, page, "captcha");
  await row.getByText("of 12 in 20 minutes").first().waitFor();
  await asked("127.0.0.22", 12);
  assert.deepEqual(page.complaints, []);
});

test("what changed stands on the time line, with who and why", async () => {
  const page = await person(demo, "operator");
  await visit(demo, "/");
  await until("something is counted", async () => {
    const figures = await page.evaluate(() => fetch("/api/overview?range=hour").then((answer) => answer.json()));
    return figures.total.requests > 0;
  });
  demo.command("list", "deny", "203.0.113.9", "--for", "1d", "--note", "scraper", "--author", "ada");
  await open(demo, page, "policy");
  await page.locator(".policy-text").fill(`${CONFIG}# more\n`);
  await page.getByRole("link", { name: "Publish", exact: true }).click();
  await page.getByLabel("What it changes").fill("for Friday");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("published", { exact: true }).waitFor();
  // Whoever is decided on now is so by other revisions; each change is one mark all the same.
  await visit(demo, "/");
  await open(demo, page, "overview?range=hour");
  const marks = page.locator(".marks li");
  await marks.filter({ hasText: "List: 203.0.113.9, by ada" }).waitFor();
  await marks.filter({ hasText: new RegExp(`Policy version \\d+ published: for Friday, by ${page.person}`) }).waitFor();
  const said = await marks.allInnerTexts();
  assert.equal(said.filter((text) => text.includes("203.0.113.9")).length, 1, said.join("\n"));
  assert.ok(!said.some((text) => text.includes("by hand")), said.join("\n"));
  // In the chart, changes of one moment share one sign, so that it can be read.
  const signs = (await page.locator(".chart").first().locator(".mark text").allTextContents()).map((sign) => sign.trim().split("–").map(Number));
  const covered = signs.flatMap(([from, to = from]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
  assert.deepEqual(covered, said.map((_, at) => at + 1), "each stands in the chart once");
  assert.deepEqual(page.complaints, []);
});

test("health says what fails, and since when", async () => {
  const page = await person(demo, "analyst");
  const health = await page.evaluate(() => fetch("/api/health").then((answer) => answer.json()));
  const day = 86_400_000;
  const [node] = health.nodes;
  health.nodes = [
    {
      ...node,
      events_dropped: 17,
      last_error: "the disk is full",
      lists: [
        { name: "drop", entries: 1200, asked_millis: health.now_millis - 4 * day, failed: null },
        { name: "gone", entries: 3, asked_millis: health.now_millis - day, failed: "the source answered with 404" },
      ],
      certificates: [
        { file: "soon.pem", ends_millis: health.now_millis + 3 * day },
        { file: "over.pem", ends_millis: health.now_millis - day },
      ],
      reports: [{ way: "mail", to: "mail.example:587", sent_millis: null, next_millis: health.now_millis + day, attempts: 2, failed: "the server refused the sign-in" }],
    },
  ];
  health.version = "0.0.1";
  await shown(page, "health", health);
  await open(demo, page, "health");
  // The sentences are the server's: English, whatever the page speaks.
  for (const said of ["the disk is full", "the source answered with 404", "the server refused the sign-in"]) {
    await page.locator('#main [lang="en"]', { hasText: said }).first().waitFor();
  }
  const badges = (tone) => page.locator(`#main .badge.${tone}`).count();
  assert.ok((await badges("danger")) >= 4, "dropped, a list, a certificate that is over, the mail");
  assert.ok((await badges("warning")) >= 2, "an old list, a certificate that ends soon");
  await accessible(page, "health, failing");
  assert.deepEqual(page.complaints, []);
});
