// Where the service is elsewhere, and what happens where a browser or a policy takes something away.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { DEFAULT, NONCE, PBKDF2, SITE_KEY, STRICT, TRUSTED, closeBrowser, form, got, script, state, token, visit, widget } from "./stub.mjs";

after(closeBrowser);

async function solves(options, then) {
  await visit({ body: form(widget()), ...options }, async (visited) => {
    const { page, stub } = visited;
    assert.equal(await token(page), "token-1");
    await then?.(visited);
    await page.click("button");
    assert.equal((await got(page))["spigot-response"], "token-1");
    assert.equal(stub.submissions.length, options.submissions ?? 1);
  });
}

const workers = (page) => page.evaluate(() => window.workers ?? 0);
const countWorkers = () => {
  const Real = window.Worker;
  window.workers = 0;
  window.Worker = class extends Real {
    constructor(...given) {
      super(...given);
      window.workers++;
    }
  };
};

for (const elsewhere of [false, true]) {
  const where = elsewhere ? "elsewhere" : "on the page's own site";
  test(`the service ${where}`, () => solves({ elsewhere, init: countWorkers }, async ({ page }) => assert.ok((await workers(page)) > 0)));

  test(`the service ${where}; a strict policy with a nonce, and Trusted Types`, () => {
    return solves({ elsewhere, csp: (stub) => STRICT(stub, TRUSTED), init: countWorkers }, async ({ page }) => assert.ok((await workers(page)) > 0));
  });

  test(`the service ${where}; a strict policy, no workers, no WebAssembly`, () => {
    const csp = (stub) => STRICT(stub).replace("worker-src 'self' blob:", "worker-src 'none'").replace(" 'wasm-unsafe-eval'", "");
    return solves({ elsewhere, csp, breaches: true });
  });

  test(`the service ${where}; a strict policy without strict-dynamic, no workers`, () => {
    const csp = (stub) => STRICT(stub).replace(" 'strict-dynamic'", "").replace("worker-src 'self' blob:", "worker-src 'none'");
    return solves({ elsewhere, csp, breaches: true });
  });
}

test("the policy for Trusted Types lets our worker start and blesses nothing else", () => {
  const init = () => {
    const { createPolicy } = TrustedTypePolicyFactory.prototype;
    window.policies = [];
    TrustedTypePolicyFactory.prototype.createPolicy = function (...given) {
      const policy = createPolicy.apply(this, given);
      window.policies.push(policy);
      return policy;
    };
  };
  // Two scripts of ours: one policy.
  const head = script() + script().replace("widget.js", "compat.js");
  return solves({ head, csp: (stub) => STRICT(stub, TRUSTED), init: [init, countWorkers] }, async ({ page }) => {
    assert.ok((await workers(page)) > 0);
    const { blessed, count, left } = await page.evaluate(() => ({
      count: window.policies.length,
      blessed: ["https://other.example/worker.js", "/worker.js", "data:text/javascript,0", URL.createObjectURL(new Blob([""]))].filter((url) => {
        try {
          return window.policies[0].createScriptURL(url);
        } catch {
          return false;
        }
      }),
      left: Object.getOwnPropertySymbols(globalThis).map(String).filter((name) => name.includes("spigot")),
    }));
    assert.deepEqual([blessed, count, left], [[], 1, []]);
  });
});

test("Trusted Types without the policy's name: the page solves", () => {
  return solves({ csp: (stub) => STRICT(stub, "require-trusted-types-for 'script'; trusted-types 'none'"), breaches: true });
});
test("only blob workers are allowed", () => solves({ csp: (stub) => STRICT(stub).replace("worker-src 'self' blob:", "worker-src blob:"), breaches: true }));
test("the worker's file is not there", () => solves({ missing: ["worker.js"] }));
test("the WebAssembly is not there", () => solves({ missing: ["cachewalk.wasm"] }));
test("no Worker at all", () => solves({ init: () => delete window.Worker }));
test("no WebAssembly at all", () => solves({ init: () => delete window.WebAssembly }));
test("workers that never answer", () => solves({ init: () => (window.Worker = class { postMessage() {} terminate() {} }) }));
test("no crypto.subtle, as on plain http", () => solves({ init: () => Object.defineProperty(crypto, "subtle", { value: undefined }) }));
test("sha256", () => solves({ puzzle: { kind: "sha256", bits: 10 } }));
test("no compiler: another puzzle, by WebCrypto", () => {
  return solves({ flags: ["--js-flags=--jitless"], puzzle: DEFAULT, fallback: PBKDF2 }, ({ stub }) => {
    assert.ok(stub.requests.includes("POST /.spigot/widget/fallback"));
  });
});
test("with a compiler no other puzzle is asked for", () => {
  return solves({ fallback: PBKDF2 }, ({ stub }) => assert.ok(!stub.requests.includes("POST /.spigot/widget/fallback")));
});

test("neither a worker nor the page can: said, and told", async () => {
  const options = { missing: ["worker.js", "page.js"], body: form(widget('error-callback="onFail" unsupported-callback="onNone"')) };
  const init = () => {
    window.said = [];
    window.onFail = (code) => window.said.push(code);
    window.onNone = () => window.said.push("none");
  };
  await visit({ ...options, init, breaches: true }, async ({ page }) => {
    await state(page, "failed");
    assert.deepEqual(await page.evaluate(() => window.said), ["unsupported", "none"]);
  });
});

for (const code of ["expired", "stale", "spent", "other_network", "too_early"]) {
  test(`${code}, twice: solved again without a word`, async () => {
    await visit({ solves: [code, code], body: form(widget()) }, async ({ page, stub }) => {
      assert.equal(await token(page), "token-1");
      assert.equal(new Set(stub.submissions.map(({ challenge }) => challenge)).size, 3);
      assert.equal(stub.asked.length, 1);
    });
  });
}

test("busy: the same proof once more", async () => {
  await visit({ solves: ["busy"], body: form(widget()) }, async ({ page, stub }) => {
    assert.equal(await token(page), "token-1");
    assert.equal(new Set(stub.submissions.map(({ proof }) => proof)).size, 1);
    assert.equal(stub.submissions.length, 2);
  });
});

test("more is asked: solved once more", async () => {
  await visit({ solves: ["next"], body: form(widget()) }, async ({ page, stub }) => {
    assert.equal(await token(page), "token-1");
    assert.equal(stub.submissions.length, 2);
  });
});

for (const [code, text] of [
  ["site_key_unknown", /not set up correctly/], ["host_not_allowed", /not set up correctly/], ["protocol_unsupported", /not set up correctly/],
  ["restricted", /does not answer this browser/], ["wrong", /did not work/],
]) {
  test(`${code}: told and shown, and not tried again`, async () => {
    const init = () => (window.onFail = (...said) => (window.said = said));
    const refusals = code === "wrong" ? { solves: [code] } : { challenges: [code] };
    await visit({ ...refusals, init, body: form(widget('error-callback="onFail"')) }, async ({ page, stub }) => {
      await state(page, "failed");
      assert.equal((await page.evaluate(() => window.said))[0], code);
      assert.match(await page.textContent("spigot-challenge .text"), text);
      assert.match(await page.textContent("spigot-challenge .code"), new RegExp(code));
      assert.equal(stub.asked.length, 1);
    });
  });
}

test("the service is away: asked again with growing waits, then said; and again when the browser is back online", async () => {
  await visit({ go: false, body: form(widget()) }, async ({ page, stub, context }) => {
    await page.clock.install({ time: 0 });
    let away = 0;
    await context.route("**/.spigot/widget/challenge", (route) => (away++, route.abort()));
    await page.goto(`${stub.origin}/`);
    for (const [n, millis] of [[1, 1_250], [2, 2_500], [3, 5_000]]) {
      await page.waitForFunction(() => document.querySelector("spigot-challenge")?.dataset.state === "working");
      while (away < n) await page.waitForTimeout(20);
      await page.clock.runFor(millis);
    }
    await state(page, "failed");
    assert.equal(away, 4);
    assert.match(await page.textContent("spigot-challenge .text"), /cannot be reached/);
    await context.unroute("**/.spigot/widget/challenge");
    await page.evaluate(() => dispatchEvent(new Event("online")));
    assert.equal(await token(page), "token-1");
  });
});

test("retry=never", async () => {
  await visit({ go: false, body: form(widget('retry="never"')) }, async ({ page, stub, context }) => {
    let away = 0;
    await context.route("**/.spigot/widget/challenge", (route) => (away++, route.abort()));
    await page.goto(`${stub.origin}/`);
    await state(page, "failed");
    assert.equal(away, 1);
  });
});

for (const [test_, name] of [["pass", "done"], ["fail", "failed"]]) {
  test(`a test key that is to ${test_}`, async () => {
    await visit({ test: test_, body: form(widget()) }, async ({ page, stub }) => {
      await state(page, name);
      assert.equal(stub.submissions.length, 0);
      if (test_ === "pass") assert.equal(await token(page), "XXXX.TEST.TOKEN.XXXX");
    });
  });
}

test("what is sent: sums and no contents", async () => {
  await visit({ body: form(widget('auto="submit"')) }, async ({ page, stub }) => {
    await page.waitForFunction(() => customElements.get("spigot-challenge"));
    await page.mouse.move(10, 10);
    await page.mouse.move(200, 90, { steps: 20 });
    await page.focus("[name=name]");
    await page.keyboard.type("secret words");
    await page.focus("[name=mail]");
    await page.evaluate(() => (document.querySelector("[name=mail]").value = "hidden@example.org"));
    await page.keyboard.press("Enter");
    await got(page);
    const [{ seen }] = stub.submissions;
    assert.deepEqual(Object.keys(seen), ["since_millis", "pointer", "keys", "focus", "fill", "paste", "visibility", "browser"]);
    assert.doesNotMatch(JSON.stringify(seen), /secret|words|hidden@/);
    const { speed_cv_percent, speed_flips_percent, ...pointer } = seen.pointer;
    assert.ok(speed_cv_percent >= 0 && speed_flips_percent > 0 && speed_flips_percent <= 100);
    assert.deepEqual(pointer, { moves: 21, presses: 0, touches: 0, untrusted: 0, silent: 1, path_pixels: 206, straight_percent: 100 });
    assert.equal(seen.keys.presses, 13);
    assert.deepEqual(seen.focus, { fields: 2, backwards: 0, filled: 2, filled_unentered: 0, autofilled: 0 });
    assert.equal(seen.fill.inputs, 12);
    assert.deepEqual(seen.visibility, { hides: 0, hidden_millis: 0, hidden_throughout: false });
    // A real browser steered by a tool: that it is, and nothing else.
    assert.deepEqual(seen.browser.marks, ["webdriver", "headless"]);
    assert.ok(JSON.stringify(seen).length < 1_500);
  });
});

test("what is sent after a move to another form is of that form", async () => {
  const body = form(widget('auto="submit"')) + '<form id="other" method="post" action="/send"><input id="there"><button>Other</button></form>';
  await visit({ body }, async ({ page, stub }) => {
    await page.waitForFunction(() => customElements.get("spigot-challenge"));
    await page.fill("[name=mail]", "left behind");
    await page.evaluate(() => document.getElementById("other").append(document.querySelector("spigot-challenge")));
    await page.focus("#there");
    await page.keyboard.type("four");
    await page.keyboard.press("Enter");
    await got(page);
    const [{ seen }] = stub.submissions;
    assert.deepEqual([seen.focus.fields, seen.focus.filled, seen.fill.inputs], [1, 1, 4]);
  });
});

test("collect=off: nothing is sent of it", () => {
  return solves({ body: form(widget('collect="off"')) }, ({ stub }) => assert.equal(stub.submissions[0].seen, undefined));
});

const SET = (how) => (stub) => form('<div id="place"></div>') + `<script nonce="${NONCE}">addEventListener("load", () => {
  const base = "${stub.base}/.spigot/widget";
  ${how}
})</script>`;
const BY_SCRIPT = {
  render: `spigot.render("#place", { "site-key": "${SITE_KEY}", base })`,
  "a property": `const widget = Object.assign(document.createElement("spigot-challenge"), { base });
    widget.setAttribute("site-key", "${SITE_KEY}");
    document.getElementById("place").append(widget);`,
  "a property, before the element is known": `document.getElementById("place").innerHTML = '${widget()}';
    document.querySelector("spigot-challenge").base = base;`,
};
for (const [name, how] of Object.entries(BY_SCRIPT)) {
  test(`a base at another origin, by ${name}`, async () => {
    await visit({ elsewhere: true, head: script(), body: SET(how), go: false }, async ({ page, stub }) => {
      const asked = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(`${stub.origin}/`);
      assert.equal(await token(page), "token-1");
      assert.ok(asked.includes(`${stub.base}/.spigot/widget/challenge`), String(asked));
    });
  });
}

test("a base at another origin, by an attribute: told, and nothing comes from there, not even where no worker starts", async () => {
  const init = () => delete window.Worker;
  const body = (stub) => form(widget(`base="${stub.base}/.spigot/widget"`));
  await visit({ elsewhere: true, head: script(), body, init, go: false }, async ({ page, stub }) => {
    stub.own.pop();
    const told = [];
    page.on("console", (message) => told.push(message.text()));
    await page.goto(`${stub.origin}/`);
    assert.equal(await token(page), "token-1");
    assert.ok(told.some((text) => /a base at another origin/.test(text)), String(told));
  });
});

test("a callback by its plain name, and by no path", async () => {
  const init = () => {
    window.heard = [];
    window.onToken = () => window.heard.push("name");
    window.app = { onToken: () => window.heard.push("path") };
  };
  await visit({ init, body: form(widget('callback="app.onToken"')) + form(widget('callback="onToken"')) }, async ({ page }) => {
    await page.waitForFunction(() => document.querySelectorAll("spigot-challenge[data-state=done]").length === 2);
    assert.deepEqual(await page.evaluate(() => window.heard), ["name"]);
  });
});

test("the script as a module", async () => {
  const head = (stub) => `<script src="${stub.base}/.spigot/widget/widget.js" type="module"></script>`;
  await visit({ elsewhere: true, head: "", body: (stub) => head(stub) + form(widget()) }, async ({ page }) => {
    assert.equal(await token(page), "token-1");
  });
});
