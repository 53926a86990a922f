// What each view shows before there is anything, while it is fetched, and when that fails: each is there, can be read by
// everybody, and leads on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, admin, open, person, startDemo, until } from "./panel.mjs";

let demo;
before(async () => (demo = await startDemo()));
after(() => demo?.stop());

/** Each view, with what it says when there is nothing; those that always have something say nothing. */
const VIEWS = {
  overview: /Nothing happened yet/,
  captcha: /No endpoint has a forced challenge/,
  activity: /Nothing fits/,
  "support/0123456789abcdef": undefined,
  lists: /This list is empty/,
  restrictions: /Nobody is restricted/,
  exceptions: /There are no exceptions/,
  policy: undefined,
  "policy/replay": undefined,
  "policy/publish": /The draft is what is published/,
  "policy/history": /Nothing was published from here yet/,
  review: /There is no review yet/,
  health: /No list is fetched/,
  users: /There is no token/,
  audit: undefined,
  account: /You have no passkey/,
};
/** Of the frame, not of the view. */
const frame = (route) => /\/api\/session(\?|$)/.test(route.request().url());
const problem = { status: 500, code: "ours", detail: "the disk cannot be read" };

test("empty: says so, and what fills it", async () => {
  const page = await admin(demo);
  for (const [view, said] of Object.entries(VIEWS)) {
    if (!said) continue;
    await open(demo, page, view);
    await page.locator("#main").getByText(said).first().waitFor();
    await accessible(page, `${view}, empty`);
  }
  await open(demo, page, "support");
  await page.locator("#main .state.empty").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("loading: says so until it is there", async () => {
  const page = await person(demo, "admin");
  for (const view of Object.keys(VIEWS)) {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route("**/api/**", async (route) => {
      if (!frame(route)) await held;
      await route.continue().catch(() => undefined);
    });
    await page.goto(`${demo.panel}/?${view}#/${view}`);
    await page.locator("#main [role=status]", { hasText: "Loading" }).first().waitFor();
    await accessible(page, `${view}, loading`, ["light"]);
    release();
    await page.waitForFunction(() => !document.querySelector("#main .spinner"));
    await page.unrouteAll({ behavior: "wait" });
  }
  assert.deepEqual(page.complaints, []);
});

test("failing: says why, and tries again", async () => {
  const page = await person(demo, "admin");
  for (const view of Object.keys(VIEWS)) {
    await page.route("**/api/**", (route) => (frame(route) ? route.continue() : route.fulfill({ status: 500, json: problem })));
    await page.goto(`${demo.panel}/?${view}#/${view}`);
    const failed = page.locator("#main .state.failed");
    await failed.first().waitFor();
    await failed.getByText("The disk cannot be read").first().waitFor();
    await accessible(page, `${view}, failing`, ["dark"]);
    await page.unrouteAll({ behavior: "wait" });
    // A decision that is not there stays so.
    if (view.startsWith("support/")) continue;
    await failed.first().getByRole("button", { name: "Try again" }).waitFor();
    await until(`${view} is there again`, async () => {
      if ((await failed.count()) === 0) return true;
      // Some ask again by themselves, so that the button may be gone by now.
      await failed.first().getByRole("button", { name: "Try again" }).click({ timeout: 2_000 }).catch(() => undefined);
      return false;
    });
  }
  assert.deepEqual(page.complaints, []);
});

test("unreachable: says so, and keeps what it showed", async () => {
  const page = await person(demo, "operator");
  await open(demo, page, "health");
  await page.getByRole("heading", { name: "Stores" }).waitFor();
  await page.route("**/api/health", (route) => route.abort());
  await page.locator("#main .notice.warning").waitFor();
  await page.getByRole("heading", { name: "Stores" }).waitFor();
  await accessible(page, "health, unreachable");
  assert.deepEqual(page.complaints, []);
});
