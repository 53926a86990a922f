// What operators change in the panel, and what visitors of the shop then meet.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, admin, open, person, startDemo, until, visit } from "./panel.mjs";

let demo;
before(async () => (demo = await startDemo()));
after(() => demo?.stop());

const json = { accept: "application/json" };

test("force a challenge and see the next visitor challenged", async () => {
  const page = await admin(demo);
  assert.equal((await visit(demo, "/products/1", { headers: json })).status, 200);
  await open(demo, page, "captcha");
  await accessible(page, "captcha");
  await page.getByLabel("Enter the target endpoint").fill("GET /products/*");
  await page.getByLabel("Why").fill("a wave of scrapers");
  await page.getByRole("switch", { name: "Enable Manual CAPTCHA" }).click();
  await page.getByRole("cell", { name: "a wave of scrapers" }).waitFor();
  const challenged = await until("challenged", async () => {
    const answer = await visit(demo, "/products/1", { headers: json });
    return answer.status === 403 && answer;
  });
  assert.equal(challenged.headers["x-captcha-reason"], "manual");
  assert.equal((await visit(demo, "/", { headers: json })).status, 200, "only there");
  await accessible(page, "captcha, forced");
  await page.getByRole("switch", { name: "Stop" }).click();
  await page.getByText("No endpoint has a forced challenge").waitFor();
  await until("free again", async () => (await visit(demo, "/products/1", { headers: json })).status === 200);
  assert.deepEqual(page.complaints, []);
});

test("deny an address and see 403, with its hits", async () => {
  const page = await admin(demo);
  await open(demo, page, "lists");
  await accessible(page, "empty lists");
  await page.getByRole("button", { name: "Add an entry" }).click();
  await page.getByLabel("Subject").fill("127.0.0");
  await page.getByLabel("Note").fill("guesses coupons");
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await page.getByText("is no address or prefix").waitFor();
  await accessible(page, "a wrong entry");
  await page.getByLabel("Subject").fill("127.0.0.7");
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await page.getByRole("cell", { name: "127.0.0.7" }).waitFor();
  await until("refused", async () => (await visit(demo, "/", { from: "127.0.0.7" })).status === 403);
  assert.equal((await visit(demo, "/")).status, 200);
  await page.reload();
  await page.getByText("none yet").waitFor({ state: "detached" });
  await accessible(page, "lists");
  // The command line sees the same, and is seen here.
  assert.match(demo.command("list", "show"), /127\.0\.0\.7.*by admin: guesses coupons/);
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("This list is empty").waitFor();
  await until("allowed", async () => (await visit(demo, "/", { from: "127.0.0.7" })).status === 200);
  assert.deepEqual(page.complaints, []);
});

test("import, export, and two operators who do not overwrite each other", async () => {
  const page = await admin(demo);
  await open(demo, page, "lists/deny");
  await page.getByRole("button", { name: "Import" }).click();
  await page.getByLabel("Entries").fill("# a list\n203.0.113.0/24\nnonsense\n");
  await page.getByRole("dialog").getByRole("button", { name: "Import" }).click();
  await page.getByText("Nothing was taken in. Line 3").first().waitFor();
  await page.getByLabel("Entries").fill("# a list\n203.0.113.0/24,,scrapers\nAS64500\ncountry:zz\nfingerprint:t13d1516h2_8daaf6152771_b186095e22b6\n");
  await page.getByRole("dialog").getByRole("button", { name: "Import" }).click();
  await page.getByText("4 new or changed").waitFor();
  await page.getByRole("cell", { name: "AS64500" }).waitFor();
  const exported = await page.evaluate(() => fetch("/api/lists/export?list=deny&format=csv").then((answer) => answer.text()));
  assert.deepEqual(exported.trim().split("\n").sort(), ["203.0.113.0/24,,scrapers", "AS64500,,", "country:ZZ,,", "fingerprint:t13d1516h2_8daaf6152771_b186095e22b6,,", "subject,until,note"]);
  const row = page.getByRole("row", { name: "AS64500" });
  await row.getByRole("button", { name: "Change" }).click();
  demo.command("list", "deny", "AS64500", "--note", "mine", "--author", "bob");
  await page.getByLabel("Note").fill("ours");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByText(/Bob changed "list deny as64500"/).waitFor();
  assert.match(demo.command("list", "show"), /as64500.*by bob: mine/);
  assert.deepEqual(page.complaints, []);
});

test("a promotion on two routes, with tripled thresholds", async () => {
  const page = await admin(demo);
  await open(demo, page, "exceptions");
  await accessible(page, "no exceptions");
  await page.getByRole("button", { name: "Make an exception" }).click();
  await page.getByLabel("Name").fill("friday");
  for (const route of ["login", "signup"]) await page.getByRole("checkbox", { name: route, exact: true }).check();
  const friday = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel("From").fill(`${friday}T18:00`);
  await page.getByLabel("To", { exact: true }).fill(`${friday}T22:00`);
  await page.getByLabel("Why").fill("half-price evening");
  await accessible(page, "an exception");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  const row = page.getByRole("row", { name: "friday" });
  await row.getByText("3 times the usual").waitFor();
  await row.getByText("login, signup").waitFor();
  await row.getByText("to come").waitFor();
  await accessible(page, "exceptions");
  assert.match(demo.command("exception", "show"), /exception friday/);
  assert.deepEqual(page.complaints, []);
});

test("restrict somebody, and lift it", async () => {
  const page = await admin(demo);
  await open(demo, page, "restrictions");
  await page.getByRole("button", { name: "Restrict somebody" }).click();
  await page.getByLabel("Address or prefix").fill("127.0.0.9");
  await page.getByLabel("Why").fill("guesses coupons");
  await page.getByRole("dialog").getByRole("button", { name: "Restrict somebody" }).click();
  await page.getByRole("cell", { name: "127.0.0.9" }).waitFor();
  await until("refused", async () => (await visit(demo, "/", { from: "127.0.0.9" })).status === 403);
  await accessible(page, "restrictions");
  await page.getByRole("button", { name: "Lift" }).click();
  await page.getByLabel("Why are they lifted?").fill("called support");
  await page.getByRole("dialog").getByRole("button", { name: "Lift" }).click();
  await page.getByText("Nobody is restricted").waitFor();
  await until("allowed", async () => (await visit(demo, "/", { from: "127.0.0.9" })).status === 200);
  assert.deepEqual(page.complaints, []);
});

test("an analyst cannot change, support cannot see addresses in full", async () => {
  demo.command("list", "deny", "198.51.100.77", "--note", "seen", "--author", "ada");
  const analyst = await person(demo, "analyst");
  await open(demo, analyst, "lists/deny");
  await analyst.getByRole("cell", { name: "198.51.100.77" }).waitFor();
  assert.equal(await analyst.getByRole("button", { name: "Add an entry" }).count(), 0);
  assert.equal(await analyst.getByRole("link", { name: "Users and tokens" }).count(), 0);
  const refused = await change(analyst, "PUT", "/api/lists", { list: "deny", subject: "192.0.2.1" });
  assert.deepEqual(refused, { status: 403, code: "forbidden" });
  const support = await person(demo, "support");
  await open(demo, support, "lists/deny");
  await support.getByRole("cell", { name: "198.51.100.0/24" }).waitFor();
  const seen = await support.evaluate(() => fetch("/api/lists?list=deny").then((answer) => answer.text()));
  assert.ok(seen.includes("198.51.100.0/24") && !seen.includes("198.51.100.77"), seen);
  assert.equal(await support.evaluate(() => fetch("/api/lists/export?list=deny").then((answer) => answer.status)), 403);
  assert.equal(await support.evaluate(() => fetch("/api/audit").then((answer) => answer.status)), 403);
  assert.deepEqual([...analyst.complaints, ...support.complaints], []);
});

test("a call without the page's word changes nothing", async () => {
  const page = await admin(demo);
  const without = await page.evaluate(() => fetch("/api/lists", { method: "PUT", body: JSON.stringify({ list: "deny", subject: "192.0.2.1" }) }).then((answer) => answer.json()));
  assert.equal(without.code, "foreign_page");
  const foreign = await fetch(`${demo.panel}/api/session/password`, { method: "POST", headers: { origin: "https://elsewhere.example" }, body: "{}" });
  assert.equal((await foreign.json()).code, "foreign_page");
});

test("users, tokens and the audit log", async () => {
  const page = await admin(demo);
  await open(demo, page, "users");
  await page.getByRole("button", { name: "Add a user" }).click();
  await page.getByLabel("Name").fill("sue");
  await page.getByRole("dialog").getByLabel("Role").selectOption("support");
  await page.getByRole("dialog").getByRole("button", { name: "Add a user" }).click();
  await page.locator("dialog .secret").waitFor();
  await accessible(page, "a one-time link");
  await page.keyboard.press("Escape");
  await page.getByRole("row", { name: "sue" }).getByText("cannot sign in yet").waitFor();
  await page.getByRole("button", { name: "Make a token" }).click();
  await page.getByLabel("Name").fill("ci");
  await page.getByRole("dialog").getByLabel("Role").selectOption("operator");
  await page.getByRole("checkbox", { name: "lists", exact: true }).check();
  await page.getByRole("dialog").getByRole("button", { name: "Make a token" }).click();
  const token = await page.locator("dialog .secret").innerText();
  await page.keyboard.press("Escape");
  await accessible(page, "users");
  const call = (method, path, body) => fetch(`${demo.panel}${path}`, { method, headers: { authorization: `Bearer ${token}` }, ...(body ? { body: JSON.stringify(body) } : {}) });
  assert.equal((await call("PUT", "/api/lists", { list: "deny", subject: "192.0.2.44", note: "by token" })).status, 200);
  assert.equal((await call("GET", "/api/restrictions")).status, 403, "another resource");
  assert.equal((await call("GET", "/api/users")).status, 403, "another role");
  await open(demo, page, "audit");
  await page.getByRole("row", { name: /token ci.*list deny 192\.0\.2\.44/ }).waitFor();
  await page.getByRole("row", { name: /admin.*user\.add.*sue/ }).waitFor();
  await page.getByRole("button", { name: "Check the chain" }).click();
  await page.getByText(/The chain fits/).waitFor();
  await accessible(page, "audit");
  assert.match(demo.command("admin", "audit"), /The chain fits/);
  assert.deepEqual(page.complaints, []);
});

/** A change as a script in the page could try it. */
function change(page, method, path, body) {
  return page.evaluate(
    async ([method, path, body]) => {
      const { person } = await (await fetch("/api/session")).json();
      const answer = await fetch(path, { method, headers: { "x-spigot-csrf": person.csrf }, body: JSON.stringify(body) });
      return { status: answer.status, code: (await answer.json()).code };
    },
    [method, path, body],
  );
}
