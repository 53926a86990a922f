// How pages to steer by look on a phone, how charts look without colours, and what triggers say.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, open, person, recorded, startDemo, visit } from "./panel.mjs";

let demo;
before(async () => (demo = await startDemo()));
after(() => demo?.stop());

/** The view with what the API would say. */
async function shown(page, path, json) {
  await page.route(`**/api/${path}`, (route) => route.fulfill({ json }));
}

test("charts are read without colours", async () => {
  const page = await person(demo, "analyst", { forcedColors: "active" });
  await visit(demo, "/");
  await recorded(demo, "127.0.0.1");
  await open(demo, page, "overview?range=hour");
  const chart = page.locator(".chart", { has: page.getByRole("heading", { name: "What was not let through as it came" }) });
  // A line of nothing is no box that is visible.
  await chart.locator("polyline").first().waitFor({ state: "attached" });
  const looks = await chart.locator("polyline.line").evaluateAll((lines) => lines.map((line) => [getComputedStyle(line).stroke, getComputedStyle(line).strokeDasharray]));
  assert.ok(looks.length >= 3, JSON.stringify(looks));
  assert.equal(new Set(looks.map(([stroke]) => stroke)).size, 1, `the reader's own colour: ${JSON.stringify(looks)}`);
  assert.equal(new Set(looks.map(([, dashes]) => dashes)).size, looks.length, `by dashes alone: ${JSON.stringify(looks)}`);
  const names = await chart.locator("text.name").allTextContents();
  assert.equal(new Set(names).size, looks.length, names.join());
  assert.deepEqual(page.complaints, []);
});

test("every page to steer by fits a phone", async () => {
  const page = await person(demo, "admin", { viewport: { width: 390, height: 844 } });
  demo.command("list", "deny", "2001:db8:1234:5678:9abc:def0:1234:5678/128", "--note", "a long note about somebody who came again and again", "--author", "ada");
  demo.command("restrict", "add", "198.51.100.9", "--for", "1d", "--reason", "guesses coupons all night long", "--author", "ada");
  demo.command("force", "POST /a/rather/long/path/that/somebody/chose/for/the/form", "--for", "1h", "--reason", "a wave");
  await open(demo, page, "policy");
  const text = page.locator(".policy-text");
  await text.fill(`# ${"A remark that is longer than a phone is wide. ".repeat(4)}\n${await text.inputValue()}`);
  await page.getByText("Nothing is wrong with it").waitFor();
  const views = ["captcha", "lists", "lists/allow", "restrictions", "exceptions", "policy", "policy/forms", "policy/replay", "policy/publish", "policy/history", "users", "audit", "account"];
  for (const view of views) {
    await open(demo, page, view);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `${view} is ${wide} wide`);
    await accessible(page, `${view} on a phone`, ["dark"]);
  }
  assert.deepEqual(page.complaints, []);
});

test("triggers say how far they are", async () => {
  const page = await person(demo, "analyst");
  const trigger = (name, more) => ({ name, state: "quiet", figure: 0, ...more });
  await shown(page, "triggers", {
    revision: "0123456789ab",
    routes: [
      {
        route: "login",
        patterns: ["POST /login"],
        hosts: [],
        is_monitored: false,
        triggers: [
          trigger("high_frequency", { state: "asking", figure: 512, threshold: 500, window_seconds: 1200 }),
          trigger("denylisted_origin", { state: "armed", figure: 1200 }),
          trigger("traffic_anomaly", { state: "near", figure: 1840, threshold: 2000, window_seconds: 3600, mean: 1000, days: 14, needs_days: 3 }),
          trigger("payload_repetition", { state: "off", figure: null }),
          trigger("manual", { state: "asking", figure: 1 }),
        ],
      },
    ],
  });
  await open(demo, page, "captcha");
  const row = page.getByRole("row", { name: /^login/ });
  const cell = async (column) => (await row.locator(`td[data-column="${column}"]`).innerText()).replaceAll(/\s+/g, " ").trim();
  await row.waitFor();
  assert.equal(await cell("High frequency"), "asking 512 of 500 in 20 minutes");
  assert.equal(await cell("Denylist"), "armed 1,200 entries");
  assert.equal(await cell("Traffic anomaly"), "near this hour 1,840, mean 1,000 of 14 days, asks above 2,000");
  assert.equal(await cell("Repeated payload"), "off");
  assert.equal(await cell("Manual"), "asking 1 endpoint");
  await accessible(page, "triggers");
});
