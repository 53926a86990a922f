// A browser as people have it, though a test drives it: without what browsers say of themselves when they are driven or
// have no window, since the shipped policy turns those away.

export const FLAGS = ["--disable-blink-features=AutomationControlled"];

/** The browser's user agent as it is with a window. */
export async function agentOf(browser) {
  const page = await browser.newPage();
  const agent = await page.evaluate(() => navigator.userAgent);
  await page.close();
  return agent.replace("Headless", "");
}
