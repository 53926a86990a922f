// Refusals, loops, cookies and lost connections.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { DECISION, closeBrowser, isApplication, state, until, visit } from "./stub.mjs";

after(closeBrowser);

for (const code of ["expired+", "spent+", "stale+", "other_network+"]) {
  test(`${code} twice: solved again without a word`, async () => {
    await visit({ answers: [code, code] }, async ({ stub, page }) => {
      await page.goto(`${stub.origin}/a?b`);
      assert.equal(await isApplication(page), "GET /a?b ");
      assert.equal(new Set(stub.submissions.map(({ challenge }) => challenge)).size, 3);
    });
  });
}

test("refused three times: an error, and Try again works", async () => {
  await visit({ answers: ["expired+", "expired+", "expired+"] }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`);
    await state(page, "failed");
    assert.equal(stub.submissions.length, 3);
    assert.match(await page.textContent("#text"), /Error code: expired/);
    assert.match(await page.textContent("#live"), /That did not work/);
    assert.equal(await page.textContent("#decision"), DECISION);
    await page.click("#action");
    assert.equal(await isApplication(page), "GET /a ");
  });
});

test("refused outright: one submission only", async () => {
  await visit({ answers: ["wrong"] }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`);
    await state(page, "failed");
    assert.equal(stub.submissions.length, 1);
  });
});

test("another network meanwhile: solved again there, and the form still arrives", async () => {
  await visit({ answers: ["other_network+"] }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/form`);
    await page.fill("[name=name]", "kept");
    await page.click("button");
    await page.waitForFunction(() => document.getElementById("got")?.textContent.startsWith("POST"));
    assert.equal(await isApplication(page), "POST /send name=kept&text=");
    assert.equal(stub.submissions.length, 2);
  });
});

test("a posted form survives refusals, and Try again does not lose it", async () => {
  await visit({ answers: ["expired+", "expired+", "expired+", "expired+"] }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/form`);
    await page.fill("[name=name]", "kept");
    await page.click("button");
    await state(page, "failed");
    await page.click("#action");
    await page.waitForFunction(() => document.getElementById("got")?.textContent.startsWith("POST"));
    assert.equal(await isApplication(page), "POST /send name=kept&text=");
    assert.equal(stub.submissions.length, 5);
  });
});

test("a cookie that does not stick: stops after four rounds", async () => {
  await visit({ setsCookie: false }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`).catch(() => {});
    await state(page, "looping");
    assert.equal(stub.submissions.length, 4);
    assert.match(await page.textContent("#text"), /cookies/);
    assert.equal(await page.textContent("#decision"), DECISION);
    await page.click("#action");
    await until(() => stub.submissions.length === 8);
    await state(page, "looping");
    assert.equal(stub.submissions.length, 8);
  });
});

test("a cookie that does not stick, with a fragment and with a form", async () => {
  await visit({ setsCookie: false }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a#b`).catch(() => {});
    await state(page, "looping");
    assert.equal(stub.submissions.length, 4);
    await page.goto(`${stub.origin}/form`);
    await page.click("button");
    await state(page, "looping");
    assert.equal(stub.submissions.length, 8);
  });
});

test("cookies are off: said at once, nothing solved", async () => {
  await visit({}, async ({ stub, page }) => {
    await page.addInitScript(() => Object.defineProperty(navigator, "cookieEnabled", { value: false }));
    await page.goto(`${stub.origin}/a`);
    await state(page, "cookies_off");
    assert.equal(stub.submissions.length, 0);
    assert.match(await page.textContent("#live"), /cookies/);
  });
});

test("a dropped connection is tried again; a lost one is said", async () => {
  await visit({}, async ({ stub, page }) => {
    let drops = 1;
    await page.route("**/.spigot/solve", (route) => (drops-- > 0 ? route.abort() : route.continue()));
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
  });
  await visit({}, async ({ stub, page }) => {
    await page.route("**/.spigot/solve", (route) => route.abort());
    await page.goto(`${stub.origin}/a`);
    await state(page, "failed");
    assert.match(await page.textContent("#text"), /cannot be reached/);
  });
});

test("a page restored by the back button reloads", async () => {
  await visit({ answers: ["wrong"] }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`);
    await state(page, "failed");
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
    assert.equal(await isApplication(page), "GET /a ");
  });
});

test("a challenge the page does not know", async () => {
  await visit({ puzzle: { kind: "cachewalk", log2_n: 40, grind: 1, open: 1 } }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`);
    await state(page, "failed");
    assert.match(await page.textContent("#text"), /solve_failed/);
  });
});
