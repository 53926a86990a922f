// Signing in by an identity provider, and with a puzzle after somebody failed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PASSWORD, accessible, person, somebody, startDemo } from "./panel.mjs";
import { startProvider } from "./provider.mjs";

let provider;
let demo;
before(async () => {
  provider = await startProvider();
  demo = await startDemo({
    config: (panel) => `[[route]]\nname = "all"\nmatch = "/**"\n[panel]\norigin = "${panel}"\n[panel.oidc]\nissuer = "${provider.issuer}"\nclient_id = "spigot"\nlabel = "Our log-in"\nroles = { admin = "bosses" }\n`,
  });
});
after(async () => {
  await demo?.stop();
  provider?.stop();
});

test("the provider says who somebody is", async () => {
  const page = await somebody(demo, { besides: provider.issuer });
  await page.goto(demo.panel);
  await page.getByRole("button", { name: "Sign in with Our log-in" }).waitFor();
  await accessible(page, "a button for the provider");
  provider.says = { preferred_username: "ada", groups: ["staff"] };
  await page.getByRole("button", { name: "Sign in with Our log-in" }).click();
  await page.getByText("nothing there gives you a role here").waitFor();
  await accessible(page, "refused after the provider");
  assert.equal(new URL(page.url()).search, "", "a code stays in no address");
  provider.says = { preferred_username: "ada", groups: ["bosses"] };
  await page.getByRole("button", { name: "Sign in with Our log-in" }).click();
  await page.locator(".shell h1").waitFor();
  await page.goto(`${demo.panel}/#/users`);
  await page.getByText("Identity provider").first().waitFor();
  assert.deepEqual(page.complaints, []);
});

test("what the provider refuses is told", async () => {
  provider.error = "access_denied";
  const page = await somebody(demo, { besides: provider.issuer });
  await page.goto(demo.panel);
  await page.getByRole("button", { name: "Sign in with Our log-in" }).click();
  await page.getByText("Our log-in did not sign you in: access_denied").waitFor();
  provider.error = undefined;
  // Whoever comes with an answer to nothing begins again.
  await page.goto(`${demo.panel}/signed-in?code=1&state=2`);
  await page.getByText("was not begun in this browser").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("after a failure the page solves a puzzle by itself", async () => {
  const known = await person(demo, "admin");
  const page = await somebody(demo);
  await page.goto(demo.panel);
  await page.getByLabel("Name").fill(known.person);
  await page.getByLabel("Password", { exact: true }).fill("wrong words entirely");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("Name, password or code is wrong").waitFor();
  const solved = page.waitForRequest((request) => request.method() === "POST" && Boolean(request.postDataJSON()?.solution));
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.locator(".shell h1").waitFor();
  assert.ok((await solved).url().endsWith("/api/session/password"));
  assert.deepEqual(page.complaints, []);
});
