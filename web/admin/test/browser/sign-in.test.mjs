// Who gets in, how, and what the page looks like to everybody.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { PASSWORD, accessible, admin, open, person, somebody, startDemo } from "./panel.mjs";

let demo;
before(async () => (demo = await startDemo()));
after(() => demo?.stop());

test("a one-time link makes the first admin, once", async () => {
  const page = await somebody(demo);
  await page.goto(`${demo.panel}/`);
  await page.getByText("Nobody can sign in yet").waitFor();
  await accessible(page, "not set up");
  const link = demo.link("admin");
  await page.goto(link);
  await page.getByLabel("New password").waitFor();
  await accessible(page, "a one-time link");
  await page.getByLabel("New password").fill("short");
  await page.getByRole("button", { name: "Set it and sign in" }).click();
  await page.getByText("A password has at least 12 characters").waitFor();
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Set it and sign in" }).click();
  await page.locator(".shell h1").waitFor();
  const second = await somebody(demo);
  await second.goto(link);
  await second.getByText("This link has been used").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("name and password, and a code once it is set up", async () => {
  const page = await admin(demo);
  await open(demo, page, "account");
  await accessible(page, "account");
  await page.getByLabel("Your password").fill(PASSWORD);
  await page.getByRole("button", { name: "Set it up" }).click();
  const secret = await page.locator(".secret").innerText();
  await page.getByLabel("Code").fill(code(secret, 0));
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByText("asked for at every sign-in").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill("wrong words entirely");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Name, password or code is wrong").waitFor();
  await accessible(page, "refused");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  // The code that set it up is used; the next one counts already.
  await page.getByLabel("Code").fill(code(secret, 1));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".shell h1").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("the account page on a phone, in every language", async () => {
  const page = await person(demo, "support", { viewport: { width: 360, height: 740 } });
  await open(demo, page, "account");
  await accessible(page, "account on a phone");
  await page.getByRole("button", { name: "Menu" }).click();
  await accessible(page, "the menu on a phone");
  for (const [language, heading] of [["de", "Mein Konto"], ["es", "Mi cuenta"], ["zh", "我的账户"]]) {
    await page.locator(".preferences select").nth(1).selectOption(language);
    await page.locator("h1", { hasText: heading }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), language);
  }
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wider <= 0, `the page is ${wider} px wider than the phone`);
  assert.deepEqual(page.complaints, []);
});

/** The code of an authenticator app, so many steps from now. */
function code(secret, steps) {
  const bits = [...secret.replaceAll(" ", "")].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const tag = createHmac("sha1", key).update(counter).digest();
  const word = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff;
  return String(word % 1_000_000).padStart(6, "0");
}
