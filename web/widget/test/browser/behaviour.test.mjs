// People and programs before a form, by real input in a real browser: what the widget sends of each. `RECORD=<file>` writes
// the sums: crates/decision/tests/behaviour.jsonl, beside the test that says what they weigh. The browser's own marks are left
// out, because it is an automated browser that acts the people.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { closeBrowser, form, got, NONCE, visit, widget } from "./stub.mjs";

const recorded = [];
after(closeBrowser);
after(() => {
  if (process.env.RECORD) writeFileSync(process.env.RECORD, recorded.map((line) => `${JSON.stringify(line)}\n`).join(""));
});

/** Values that are never the same and always the same: a scenario must not depend on luck. */
function varied(seed) {
  let state = seed;
  return (from, to) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return from + ((to - from) * state) / 2_147_483_648;
  };
}

const pause = (page, millis) => page.evaluate((millis) => new Promise((resolve) => setTimeout(resolve, millis)), millis);

/** Types as people do: unevenly, and holding each key. */
async function type(page, text, vary) {
  for (const letter of text) {
    await pause(page, vary(60, 240));
    await page.keyboard.down(letter);
    await pause(page, vary(50, 110));
    await page.keyboard.up(letter);
  }
}

/** A way as hands go: a bow, slow at both ends, in strokes. */
async function stroke(page, from, to, vary) {
  const bend = vary(-40, 40);
  const steps = Math.round(vary(24, 40));
  for (let i = 1; i <= steps; i++) {
    const share = i / steps;
    const eased = share ** 3 * (share * (share * 6 - 15) + 10);
    const off = Math.sin(Math.PI * eased) * bend;
    await page.mouse.move(from[0] + (to[0] - from[0]) * eased + off, from[1] + (to[1] - from[1]) * eased - off);
    await pause(page, 16);
  }
}

/** Sets values as a password manager's extension does: events that its script makes. */
const MANAGED = (values) => {
  for (const [name, value] of Object.entries(values)) {
    const field = document.querySelector(`[name=${name}]`);
    field.focus();
    field.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true }));
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
};
const VALUES = { name: "ada", mail: "ada@example.org" };

function scenario(who, is, use, check, options = {}) {
  test(`${is}: ${who}`, async () => {
    const body = (options.before ?? "") + form(widget('auto="submit"'));
    await visit({ body, ...options.visit }, async ({ page, stub }) => {
      await page.waitForFunction(() => customElements.get("spigot-challenge"));
      const start = performance.now();
      await use(page);
      await got(page);
      // Of the machine that the test runs on, too: a busy one takes its time.
      const took = performance.now() - start;
      const { browser, ...seen } = stub.submissions[0].seen;
      check(seen, took);
      recorded.push({ who, is, seen });
    });
  });
}

async function middleOf(page, selector) {
  const { x, y, width, height } = await page.locator(selector).boundingBox();
  return [x + width / 2, y + height / 2];
}

scenario(
  "mouse and keyboard",
  "person",
  async (page) => {
    const vary = varied(1);
    let at = [300, 400];
    for (const [name, value] of Object.entries(VALUES)) {
      const to = await middleOf(page, `[name=${name}]`);
      await stroke(page, at, to, vary);
      await page.mouse.down();
      await page.mouse.up();
      await type(page, value, vary);
      at = [to[0] + vary(50, 200), to[1] + vary(60, 200)];
      await stroke(page, to, at, vary);
    }
    await stroke(page, at, await middleOf(page, "button"), vary);
    await page.mouse.down();
    await page.mouse.up();
  },
  ({ pointer, keys }) => assert.ok(pointer.moves > 80 && pointer.presses === 3 && keys.presses === 18),
);

scenario(
  "the keyboard alone",
  "person",
  async (page) => {
    const vary = varied(2);
    await page.keyboard.press("Tab");
    await type(page, VALUES.name, vary);
    await page.keyboard.press("Tab");
    await type(page, VALUES.mail, vary);
    await page.keyboard.press("Enter");
  },
  ({ pointer, keys }) => assert.ok(pointer.moves === 0 && keys.presses > 18),
);

scenario(
  "a phone",
  "person",
  async (page) => {
    const vary = varied(3);
    for (const [name, value] of Object.entries(VALUES)) {
      await page.tap(`[name=${name}]`);
      await type(page, value, vary);
    }
    await page.tap("button");
  },
  ({ pointer }) => assert.equal(pointer.touches, 3),
  { visit: { context: { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } } } },
);

scenario(
  "a password manager's extension, and a mouse",
  "person",
  async (page) => {
    const vary = varied(4);
    await page.evaluate(MANAGED, VALUES);
    await stroke(page, [40, 300], await middleOf(page, "button"), vary);
    await page.mouse.down();
    await page.mouse.up();
  },
  ({ fill }, took) => assert.ok(fill.untrusted === fill.inputs && fill.millis <= took),
);

scenario(
  "a password manager's extension, and Enter",
  "person",
  async (page) => {
    await page.evaluate(MANAGED, VALUES);
    await page.keyboard.press("Enter");
  },
  ({ keys }) => assert.ok(keys.untrusted === 2 && keys.presses === 3),
);

scenario(
  "copied and pasted name and password",
  "person",
  async (page) => {
    const vary = varied(5);
    for (const name of Object.keys(VALUES)) {
      await page.focus("#from");
      await page.keyboard.press("Control+A");
      await page.keyboard.press("Control+C");
      await pause(page, vary(300, 600));
      await page.focus(`[name=${name}]`);
      await page.keyboard.press("Control+V");
      await pause(page, vary(300, 600));
    }
    await page.keyboard.press("Enter");
  },
  ({ paste }) => assert.deepEqual(paste, { pastes: 2, fields: 2 }),
  { before: '<input id="from" value="ada">' },
);

scenario(
  "dictation",
  "person",
  async (page) => {
    // As an input method or dictation writes: words at once, without keys.
    for (const [name, value] of Object.entries(VALUES)) {
      await page.focus(`[name=${name}]`);
      await pause(page, 900);
      await page.keyboard.insertText(value);
    }
    await page.evaluate(() => document.querySelector("button").click());
  },
  ({ pointer, keys, fill }) => assert.deepEqual([pointer.moves, keys.presses, fill.inputs, fill.untrusted], [0, 0, 2, 0]),
);

scenario(
  "eyes that move the pointer, and an on-screen keyboard",
  "person",
  async (page) => {
    const vary = varied(6);
    for (const [name, value] of Object.entries(VALUES)) {
      await page.mouse.click(...(await middleOf(page, `[name=${name}]`)));
      for (const letter of value.slice(0, 5)) {
        await pause(page, vary(500, 900));
        await page.keyboard.press(letter);
      }
    }
    await page.keyboard.press("Enter");
  },
  ({ pointer }) => assert.ok(pointer.moves <= 4 && pointer.presses === 2),
);

scenario(
  "a script's fill and a script's click",
  "program",
  async (page) => {
    for (const [name, value] of Object.entries(VALUES)) await page.fill(`[name=${name}]`, value);
    await page.evaluate(() => document.querySelector("button").click());
  },
  ({ pointer, keys, fill }, took) => assert.ok(pointer.moves === 0 && keys.presses === 0 && fill.millis <= took),
);

scenario(
  "a tool's fill and click",
  "program",
  async (page) => {
    for (const [name, value] of Object.entries(VALUES)) await page.fill(`[name=${name}]`, value);
    await page.click("button");
  },
  ({ pointer }) => assert.equal(pointer.presses, 1),
);

scenario(
  "a tool that types",
  "program",
  async (page) => {
    for (const [name, value] of Object.entries(VALUES)) {
      await page.focus(`[name=${name}]`);
      await page.keyboard.type(value + value);
    }
    await page.keyboard.press("Enter");
  },
  ({ keys }, took) => assert.ok(keys.presses > 24 && (keys.between_millis - 1) * (keys.presses - 1) <= took),
);

scenario(
  "a tool that draws lines with its pointer",
  "program",
  async (page) => {
    for (const [name, value] of Object.entries(VALUES)) {
      const [x, y] = await middleOf(page, `[name=${name}]`);
      for (let i = 40; i >= 0; i--) {
        await page.mouse.move(x + 6 * i, y + 4 * i);
        await pause(page, 10);
      }
      await page.fill(`[name=${name}]`, value);
    }
    await page.click("button");
  },
  ({ pointer }) => assert.ok(pointer.moves > 80),
);
