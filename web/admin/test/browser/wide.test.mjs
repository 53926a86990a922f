// Networks, countries and fingerprints that are denied in the panel meet a 403 with their next request.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { admin, open, person, recorded, startDemo, until, visit } from "./panel.mjs";

let demo;
let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spigot-wide-"));
  const write = async (name, text) => {
    await writeFile(join(folder, name), text);
    return JSON.stringify(join(folder, name));
  };
  const networks = await write("networks.csv", "198.51.100.0,198.51.100.255,64501,Other\n203.0.113.0,203.0.113.255,64500,Example\n");
  const countries = await write("countries.csv", "192.0.2.0,192.0.2.255,NZ\n198.51.100.0,198.51.100.255,DE\n203.0.113.0,203.0.113.255,DE\n");
  await write("spigot.toml", `trusted_proxies = ["127.0.0.1"]\nforwarded_header = "x-client-address"\nnetworks = [${networks}, ${countries}]\n[[route]]\nname = "all"\nmatch = "/**"\n`);
  demo = await startDemo({ config: join(folder, "spigot.toml") });
});
after(async () => {
  await demo?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What a client with this address gets; more fields make another order of them. */
const status = async (address, more = {}) => (await visit(demo, "/", { headers: { "X-Client-Address": address, ...more } })).status;

async function deny(page, subject) {
  await open(demo, page, "lists/deny");
  await page.getByRole("button", { name: "Add an entry" }).click();
  await page.getByLabel("Subject").fill(subject);
  await page.getByLabel("Note").fill("by hand");
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await page.getByRole("cell", { name: subject }).waitFor();
}

async function forgive(page, subject, address, more) {
  const row = page.getByRole("row", { name: subject });
  await row.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await row.waitFor({ state: "detached" });
  await until("let in again", async () => (await status(address, more)) === 200);
}

test("a network", async () => {
  const page = await admin(demo);
  assert.equal(await status("203.0.113.7"), 200);
  await deny(page, "AS64500");
  await until("refused", async () => (await status("203.0.113.7")) === 403);
  assert.equal(await status("203.0.113.200"), 403, "all of it");
  assert.equal(await status("198.51.100.7"), 200, "and no other");
  await forgive(page, "AS64500", "203.0.113.7");
  assert.deepEqual(page.complaints, []);
});

test("a country", async () => {
  const page = await person(demo, "operator");
  await deny(page, "country:NZ");
  await until("refused", async () => (await status("192.0.2.9")) === 403);
  assert.equal(await status("203.0.113.7"), 200, "and no other");
  assert.equal(await status("8.8.8.8"), 200, "nor those of whom it is not known");
  await forgive(page, "country:NZ", "192.0.2.9");
  assert.deepEqual(page.complaints, []);
});

test("a fingerprint, taken from a decision", async () => {
  const page = await person(demo, "operator");
  const tool = { "X-Tool": "1" };
  assert.equal(await status("203.0.113.77", tool), 200);
  await recorded(demo, "203.0.113.77");
  await open(demo, page, "activity?ip=203.0.113.77");
  await page.getByRole("row", { name: "203.0.113.77" }).getByRole("button").click();
  const print = await page.getByRole("dialog").locator("dt", { hasText: "Header fingerprint" }).locator("+ dd").innerText();
  assert.match(print, /^[0-9a-f]{16}$/);
  await deny(page, `fingerprint:${print}`);
  await until("refused", async () => (await status("203.0.113.78", tool)) === 403);
  assert.equal(await status("203.0.113.78"), 200, "another program at the same address");
  await forgive(page, `fingerprint:${print}`, "203.0.113.78", tool);
  assert.deepEqual(page.complaints, []);
});
