// Browsers for tests: one for each set of flags, started when it is first wanted.

import assert from "node:assert/strict";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** `chromium` is playwright's, of the package whose tests these are. */
export function browsersOf(chromium) {
  const browsers = new Map();
  return {
    /** A browser with these flags besides the usual ones. */
    async openBrowser(...flags) {
      const name = flags.join(" ");
      if (!browsers.has(name)) {
        const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
        browsers.set(name, await chromium.launch({ executablePath, args: [...FLAGS, ...flags] }));
      }
      return browsers.get(name);
    },
    async closeBrowser() {
      await Promise.all([...browsers.values()].map((browser) => browser.close()));
    },
  };
}

/** Waits until something holds here, in the test; what it waits for is done by others meanwhile. */
export async function until(holds) {
  for (const end = Date.now() + 60_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 10))) {
    assert.ok(Date.now() < end, `never: ${holds}`);
  }
}
