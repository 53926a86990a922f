// The ways on after a solve.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CSP, DEFAULT, closeBrowser, isApplication, state, visit } from "./stub.mjs";

after(closeBrowser);

test("a page: solved, and gone on to it with its query, and back leads to where the visitor was", async () => {
  await visit({}, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/form`);
    const opened = await page.goto(`${stub.origin}/path?a=b%20c`);
    assert.equal(opened.status(), 403);
    assert.equal(await isApplication(page), "GET /path?a=b%20c ");
    assert.equal(stub.submissions.length, 1);
    assert.equal(stub.submissions[0].kernel, "wasm");
    assert.equal(typeof stub.submissions[0].millis, "number");
    await page.goBack();
    assert.equal(page.url(), `${stub.origin}/form`);
  });
});

test("the default puzzle", async () => {
  await visit({ puzzle: DEFAULT }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/`);
    await isApplication(page);
    assert.equal(stub.submissions.length, 1);
  });
});

test("the kind sha256, which needs no WebAssembly", async () => {
  await visit({ puzzle: { kind: "sha256", bits: 12 } }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/`);
    await isApplication(page);
    assert.equal(stub.submissions[0].kernel, "js");
    assert.ok(!stub.requests.includes("GET /.spigot/cachewalk.wasm"));
  });
});

test("a fragment is kept", async () => {
  await visit({}, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/path#part`);
    assert.equal(await isApplication(page), "GET /path ");
    assert.equal(page.url(), `${stub.origin}/path#part`);
  });
  await visit({ change: { return_to: "/other" } }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/path#part`);
    assert.equal(await isApplication(page), "GET /other ");
    assert.equal(page.url(), `${stub.origin}/other#part`);
  });
});

test("a return address elsewhere is not followed", async () => {
  for (const return_to of ["//evil.example/", "/\\evil.example", "javascript:alert(1)", "https://evil.example"]) {
    await visit({ change: { return_to } }, async ({ stub, page }) => {
      await page.goto(`${stub.origin}/path`);
      assert.equal(await isApplication(page), "GET / ");
    });
  }
});

test("a posted form arrives", async () => {
  await visit({}, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/form`);
    await page.fill("[name=name]", "Zoë & co");
    await page.fill("[name=text]", "two\nlines");
    await page.click("button");
    await page.waitForFunction(() => document.getElementById("got")?.textContent.startsWith("POST"));
    assert.equal(await isApplication(page), "POST /send name=Zo%C3%AB+%26+co&text=two%0D%0Alines");
    assert.deepEqual(stub.requests.filter((at) => at.includes("/send")), ["POST /send", "POST /send"]);
  });
});

test("a form too large to keep: said before anything is solved, nothing is sent, and the form is one button away", async () => {
  await visit({}, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/form`);
    await page.fill("[name=name]", "x".repeat(2000));
    await page.click("button");
    await state(page, "cannot_keep");
    assert.match(await page.textContent("#text"), /more than 1 kB/);
    assert.match(await page.textContent("#live"), /not been sent yet.*Nothing was sent/);
    assert.ok(!(await page.isVisible("progress")));
    // Nothing is being solved: not even what it takes for that was loaded.
    assert.deepEqual([stub.submissions.length, stub.requests.includes("GET /.spigot/worker.js")], [0, false]);
    await page.goBack();
    assert.equal(await page.inputValue("[name=name]"), "x".repeat(2000), "whoever goes back has lost nothing");
    await page.click("button");
    await state(page, "cannot_keep");
    await page.click("#action");
    await state(page, "not_sent");
    assert.match(await page.textContent("#text"), /more than 1 kB/);
    assert.match(await page.textContent("#live"), /Nothing was sent/);
    await page.click("#action");
    await page.waitForURL("**/form");
    await page.waitForFunction(() => document.querySelector("[name=name]").value.length === 2000);
    await page.click("button");
    await page.waitForFunction(() => document.getElementById("got")?.textContent.startsWith("POST"));
    assert.match(await isApplication(page), /POST \/send name=x{2000}/);
    assert.equal(stub.submissions.length, 1);
  });
});

test("a body that could not be kept at all is said as plainly", async () => {
  await visit({ change: { stash: null } }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/form`);
    await page.click("button");
    await state(page, "cannot_keep");
    assert.match(await page.textContent("#text"), /cannot be kept/);
    await page.click("#action");
    await state(page, "not_sent");
    assert.match(await page.textContent("#text"), /could not be kept/);
  });
});

test("two tabs at once", async () => {
  await visit({ puzzle: { ...DEFAULT, log2_n: 11 } }, async ({ stub, page, context }) => {
    const other = await context.newPage();
    await Promise.all([page.goto(`${stub.origin}/a`), other.goto(`${stub.origin}/a`)]);
    await Promise.all([isApplication(page), isApplication(other)]);
    assert.equal(stub.submissions.length, 2);
  });
});

test("back after a solve leads to where the visitor was, and solves nothing again", async () => {
  await visit({}, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/form`);
    await page.goto(`${stub.origin}/a#part`);
    await isApplication(page);
    await page.goto(`${stub.origin}/b`);
    for (const before of ["/a#part", "/form"]) {
      await page.goBack();
      assert.equal(page.url(), stub.origin + before);
      await isApplication(page);
    }
    await page.goForward();
    assert.equal(await isApplication(page), "GET /a ");
    assert.deepEqual([stub.submissions.length, stub.issued], [1, 1]);
  });
});

test("back after a form was sent on leads to the form, and sends nothing once more", async () => {
  await visit({}, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/form`);
    await page.click("button");
    await page.waitForFunction(() => document.getElementById("got")?.textContent.startsWith("POST"));
    for (const where of ["the challenge was", "the form was"]) {
      await page.goBack();
      assert.equal(page.url(), `${stub.origin}/form`, where);
      assert.match(await isApplication(page), /^GET/);
    }
    assert.deepEqual([stub.submissions.length, stub.requests.filter((at) => at === "POST /send").length], [1, 2]);
  });
});

test("many tabs on one address at once: each arrives, none goes round in circles", async () => {
  await visit({ puzzle: { ...DEFAULT, log2_n: 9 } }, async ({ stub, page, context }) => {
    const tabs = [page, ...(await Promise.all(Array.from({ length: 5 }, () => context.newPage())))];
    await Promise.all(tabs.map((tab) => tab.goto(`${stub.origin}/a`)));
    for (const tab of tabs) assert.equal(await isApplication(tab), "GET /a ");
    assert.ok(stub.issued <= tabs.length, `${stub.issued} challenges`);
    assert.equal(stub.submissions.length, stub.issued, "one submission each");
    await Promise.all(tabs.map((tab) => tab.reload()));
    for (const tab of tabs) assert.equal(await isApplication(tab), "GET /a ");
    assert.ok(stub.issued <= tabs.length, "nobody was asked again");
  });
});

test("a level that is too weak steps up, to where the visitor was, and is enough from then on", async () => {
  await visit({ levels: { "/account": 2, "/send": 2 } }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
    await page.goto(`${stub.origin}/account?tab=2#part`);
    assert.equal(await isApplication(page), "GET /account?tab=2 ");
    assert.equal(page.url(), `${stub.origin}/account?tab=2#part`);
    assert.equal(stub.submissions.length, 2);
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
    await page.goto(`${stub.origin}/account`);
    await isApplication(page);
    assert.equal(stub.submissions.length, 2, "what is enough is not asked for again");
  });
  await visit({ levels: { "/send": 2 } }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
    await page.goto(`${stub.origin}/form`);
    await page.fill("[name=name]", "kept");
    await page.click("button");
    await page.waitForFunction(() => document.getElementById("got")?.textContent.startsWith("POST"));
    assert.equal(await isApplication(page), "POST /send name=kept&text=", "a form survives it, too");
    assert.equal(stub.submissions.length, 2);
  });
});

test("a hidden tab solves too", async () => {
  await visit({ puzzle: { ...DEFAULT, log2_n: 11 } }, async ({ stub, page, context }) => {
    const other = await context.newPage();
    await other.bringToFront();
    await page.addInitScript(() => {
      window.requestAnimationFrame = () => 0;
      Object.defineProperty(document, "visibilityState", { value: "hidden" });
    });
    await page.goto(`${stub.origin}/a`);
    await isApplication(page);
  });
});

test("without JavaScript there is a way on, in a page without our script", async () => {
  await visit({ context: { javaScriptEnabled: false } }, async ({ stub, page }) => {
    await page.goto(`${stub.origin}/a`);
    assert.equal(await page.textContent("form button"), "Continue without JavaScript");
    assert.ok(!(await page.isVisible("progress")));
    await page.click("form button");
    assert.equal(page.url(), `${stub.origin}/.spigot/wait?c=w41t`);
    assert.ok(await page.isVisible("text=Please wait"));
  });
});

test("the policy is the one agreed", () => assert.match(CSP, /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/));
