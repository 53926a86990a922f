// Pictures of every page, light and dark, wide and on a phone: `npm run screenshots [FOLDER]` after
// `cargo build --workspace --examples`.

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { admin, open, somebody, startDemo, until } from "./test/browser/panel.mjs";
import { traffic } from "./test/browser/traffic.mjs";

const FOLDER = process.argv[2] ?? new URL("screenshots/", import.meta.url).pathname;
const WIDTHS = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const PAGES = process.env.PAGES?.split(",") ?? [
  ...["overview?range=week", "overview?range=hour", "activity", "support", "review", "health", "captcha", "lists", "lists/allow", "restrictions", "exceptions"],
  ...["policy", "policy/forms", "policy/replay", "policy/publish", "policy/history", "users", "audit", "account"],
];
/** What opens over a page, by the button that opens it. */
const DIALOGS = {
  "lists entry": ["lists", "Add an entry"],
  "lists import": ["lists", "Import"],
  "exceptions form": ["exceptions", "Make an exception"],
  "restrictions form": ["restrictions", "Restrict somebody"],
  "policy route": ["policy/forms", "Add a route"],
  "policy limit": ["policy/forms", "Add a limit"],
  "users form": ["users", "Add a user"],
  "users token": ["users", "Make a token"],
};

mkdirSync(FOLDER, { recursive: true });
const HISTORY = new URL("../../target/debug/examples/history", import.meta.url).pathname;
const demo = await startDemo({
  prepare: (data) => {
    mkdirSync(data, { recursive: true });
    execFileSync(HISTORY, [data, String(Date.now()), "16"]);
  },
});
try {
  const decision = await traffic(demo.shop, 400);
  const page = await admin(demo);
  await steer();
  await open(demo, page, "review");
  await page.getByRole("button", { name: "Make a new one" }).click();
  await page.getByRole("heading", { name: "Repeat offenders" }).waitFor();
  await draft(page);
  const outside = await somebody(demo);
  await outside.route("**/api/session", (route) => withProvider(route));
  for (const [width, viewport] of Object.entries(WIDTHS)) {
    for (const colorScheme of ["light", "dark"]) {
      const shoot = (page, name) => page.screenshot({ path: `${FOLDER}/${name.replace(decision, "decision").replace(/\W+/g, "-")}-${width}-${colorScheme}.png`, fullPage: true });
      for (const one of [page, outside]) {
        await one.setViewportSize(viewport);
        await one.emulateMedia({ colorScheme });
      }
      for (const where of [...PAGES, `support/${decision}`]) {
        await open(demo, page, where);
        if (where === "policy/replay") await replay(page);
        await page.waitForFunction(() => !document.querySelector(".toast"));
        await shoot(page, where);
      }
      for (const [name, [where, button]] of Object.entries(process.env.PAGES ? {} : DIALOGS)) {
        await open(demo, page, where);
        await page.locator("#main").getByRole("button", { name: button }).first().click();
        await page.getByRole("dialog").waitFor();
        await shoot(page, name);
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "hidden" });
      }
      await outside.goto(demo.panel);
      await outside.getByRole("button", { name: "Sign in", exact: true }).waitFor();
      await shoot(outside, "sign-in");
    }
  }
} finally {
  await demo.stop();
}

/** Something on every page to steer by. */
async function steer() {
  demo.command("list", "deny", "203.0.113.0/24", "--for", "7d", "--note", "scraper", "--author", "ada");
  demo.command("list", "deny", "AS64500", "--for", "1d", "--note", "log-in attack", "--author", "bob");
  demo.command("list", "allow", "198.51.100.7", "--note", "our monitoring", "--author", "ada");
  demo.command("force", "POST /signup", "--for", "2h", "--reason", "a wave of sign-ups", "--author", "ada");
  demo.command("restrict", "add", "198.51.100.9", "--for", "1d", "--reason", "guesses coupons", "--author", "bob");
  demo.command("exception", "add", "friday", "--times", "3", "--route", "checkout", "--route", "search", "--for", "4h", "--reason", "half-price evening", "--author", "ada");
}

/** One version that was published, and a draft that would ask more. */
async function draft(page) {
  await open(demo, page, "policy");
  const text = page.locator(".policy-text");
  const before = await text.inputValue();
  await text.fill(`${before}\n# Reviewed in November.\n`);
  await page.getByRole("link", { name: "Publish", exact: true }).click();
  await page.getByLabel("What it changes").fill("reviewed");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("published", { exact: true }).waitFor();
  await open(demo, page, "policy");
  const route = '[[route]]\nname = "products"\nmatch = ["GET /products/*"]\nask = "always"\n\n';
  const now = await text.inputValue();
  const first = now.indexOf("[[route]]");
  await text.fill(now.slice(0, first) + route + now.slice(first));
  await page.getByText("Nothing is wrong with it").waitFor();
}

async function replay(page) {
  await until("the requests are recorded and replayed", async () => {
    await page.getByRole("button", { name: "Replay" }).click();
    await page.locator("#main .notice, #main .state.empty").first().waitFor();
    // By its text: on a phone the name of a cell begins with its column.
    return (await page.locator("#main td", { hasText: /^products$/ }).count()) > 0;
  });
}

/** As it would be answered where an identity provider is configured. */
async function withProvider(route) {
  const answer = await route.fetch();
  await route.fulfill({ response: answer, json: { ...(await answer.json()), identity_provider: "Example" } });
}
