// A passkey, by Chromium's virtual authenticator. Browsers keep passkeys for names, so the panel is opened as localhost.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PASSWORD, accessible, somebody, startDemo } from "./panel.mjs";

let demo;
before(async () => {
  demo = await startDemo();
  demo.panel = demo.panel.replace("127.0.0.1", "localhost");
});
after(() => demo?.stop());

test("made on one's account, signed in with, and removed", async () => {
  const page = await somebody(demo);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await page.goto(demo.link("admin"));
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Set it and sign in" }).click();
  await page.locator(".shell h1").waitFor();
  await page.goto(`${demo.panel}/#/account`);
  await page.getByLabel("What to call it").fill("this computer");
  await page.getByLabel("Your password, once more").fill(PASSWORD);
  await page.getByRole("button", { name: "Make a passkey" }).click();
  await page.getByRole("cell", { name: "this computer" }).waitFor();
  await accessible(page, "account with a passkey");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
  await accessible(page, "sign-in with a passkey");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.locator(".shell h1").waitFor();
  assert.match(demo.command("admin", "audit"), /admin: session\.start/);
  await page.goto(`${demo.panel}/#/account`);
  await page.getByRole("row", { name: "this computer" }).getByRole("button", { name: "Remove" }).click();
  await page.getByText("You have no passkey").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText("This passkey is not known here").waitFor();
  assert.deepEqual(page.complaints, []);
});
