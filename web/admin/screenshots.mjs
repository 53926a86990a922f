// Pictures of every page, light and dark, wide and on a phone: `npm run screenshots [FOLDER]` after
// `cargo build --workspace --examples`.

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { admin, open, startDemo } from "./test/browser/panel.mjs";
import { traffic } from "./test/browser/traffic.mjs";

const FOLDER = process.argv[2] ?? new URL("screenshots/", import.meta.url).pathname;
const WIDTHS = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const PAGES = process.env.PAGES?.split(",") ?? ["overview?range=week", "overview?range=hour", "captcha", "activity", "support", "lists", "restrictions", "exceptions", "policy", "review", "health", "users", "audit", "account"];

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
  await open(demo, page, "review");
  await page.getByRole("button", { name: "Make a new one" }).click();
  await page.getByRole("heading", { name: "Repeat offenders" }).waitFor();
  for (const [width, viewport] of Object.entries(WIDTHS)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      for (const where of [...PAGES, `support/${decision}`]) {
        await open(demo, page, where);
        await page.waitForFunction(() => !document.querySelector("#main .spinner"));
        const name = where.replace(decision, "decision").replace(/\W+/g, "-");
        await page.screenshot({ path: `${FOLDER}/${name}-${width}-${colorScheme}.png`, fullPage: true });
      }
    }
  }
} finally {
  await demo.stop();
}
