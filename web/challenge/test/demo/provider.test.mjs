// The real program, a real browser, and a vendor that is neither: what a visitor meets whom a third party challenges.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ended } from "../ended.mjs";
import { chromium } from "playwright-core";
import { FLAGS, agentOf } from "./person.mjs";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const binary = process.env.SPIGOT_BINARY ?? join(root, "target/debug/spigot");
const shots = process.env.SPIGOT_SHOTS;
const SECRET = "the-secret";

/** As Turnstile's script, but whoever clicks passes. The token holds what the real one would. */
const SCRIPT = `window.turnstile = { render(element, options) {
  const button = document.createElement("button");
  button.textContent = "I am a person";
  button.onclick = () => options.callback(btoa(JSON.stringify([options.sitekey, options.action, options.cData])));
  element.append(button);
  return "widget";
} };`;

let folder, browser, userAgent;
const running = [];

const freePort = () =>
  new Promise((resolve) => {
    const server = createSocket().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** `script`: the status of the widget's script. `text`: the script. `answer`: what the vendor says about a question. */
async function vendor({ script = 200, text = SCRIPT, style = "", answer = yes } = {}) {
  const asked = [];
  const server = createServer(async (request, response) => {
    if (request.url.startsWith("/widget.js")) {
      // Modules are loaded over origins by leave only.
      const headers = { "Content-Type": "text/javascript", "Access-Control-Allow-Origin": "*" };
      return response.writeHead(script, headers).end(text);
    }
    if (request.url === "/widget.css") return response.writeHead(200, { "Content-Type": "text/css" }).end(style);
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const question = new URLSearchParams(Buffer.concat(pieces).toString());
    asked.push({ path: request.url, question });
    const { status = 200, ...fields } = answer(question);
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(fields));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  running.push(() => server.close());
  return { asked, port: server.address().port };
}

function yes(question) {
  const [, action, cdata] = JSON.parse(Buffer.from(question.get("response"), "base64").toString());
  return { success: true, "error-codes": [], hostname: "127.0.0.1", action, cdata };
}

async function shop(vendor, more = "", kind = "turnstile") {
  const data = await mkdtemp(join(folder, "shop-"));
  const [port, admin, service] = [await freePort(), await freePort(), await freePort()];
  const config = `
[[route]]
name = "login"
match = "/login"
preset = "high"
challenge = "${kind}"

[[route]]
name = "all"
match = "/**"

[[provider]]
name = "${kind}"
kind = "${kind}"
${kind === "altcha" ? "" : `site_key = "the-site-key"\nbase = "http://127.0.0.1:${vendor.port}"`}
script = "http://127.0.0.1:${vendor.port}/widget.js"
secret = { file = '${join(data, "secret")}' }
${more}
`;
  await writeFile(join(data, "secret"), SECRET);
  await writeFile(join(data, "spigot.toml"), config);
  const demo = spawn(binary, ["demo", "--listen", `127.0.0.1:${port}`, "--admin", `127.0.0.1:${admin}`, "--service", `127.0.0.1:${service}`, "--data", join(data, "data"), "--config", join(data, "spigot.toml")]);
  running.push(() => ended(demo));
  await new Promise((resolve, reject) => {
    demo.stdout.once("data", resolve);
    demo.stderr.on("data", (text) => process.stderr.write(text));
    demo.once("exit", (code) => reject(new Error(`the demo ended with ${code}`)));
    demo.once("error", reject);
  });
  return `http://127.0.0.1:${port}`;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spigot-provider-"));
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", ...FLAGS],
  });
  userAgent = await agentOf(browser);
});

after(async () => {
  await browser?.close();
  for (const end of running) await end();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

/** A new visitor, whose browser may ask the shop and the vendor, and whose page breaks none of its own rules. */
async function visitor(...origins) {
  const page = await (await browser.newContext({ userAgent })).newPage();
  page.on("request", (request) => {
    assert.ok(["data:", ...origins].some((start) => request.url().startsWith(start)), request.url());
  });
  const broken = [];
  page.on("console", (message) => /Content Security Policy/.test(message.text()) && broken.push(message.text()));
  return { page, broken };
}

test("the vendor's widget opens the way, and its answer counts once", async () => {
  const turnstile = await vendor();
  const origin = await shop(turnstile);
  const { page, broken } = await visitor(origin, `http://127.0.0.1:${turnstile.port}`);
  const answer = await page.goto(`${origin}/login?to=%2Faccount#form`);
  assert.equal(answer.status(), 403);
  assert.match(await page.textContent("#text"), /Cloudflare Turnstile/);
  if (shots) await page.screenshot({ path: join(shots, "provider.png") });
  await page.getByText("I am a person").click();
  await page.waitForURL(`${origin}/login?to=%2Faccount#form`);
  await page.locator("input[name=password]").waitFor();
  assert.deepEqual(broken, []);
  assert.equal(turnstile.asked.length, 1);
  const { path, question } = turnstile.asked[0];
  assert.equal(path, "/turnstile/v0/siteverify");
  assert.equal(question.get("secret"), SECRET);
  assert.equal(question.get("remoteip"), null);
  const [siteKey, action, carried] = JSON.parse(Buffer.from(question.get("response"), "base64").toString());
  assert.deepEqual([siteKey, action], ["the-site-key", "spigot"]);
  assert.equal(question.get("idempotency_key").replaceAll("-", ""), carried);
  // Who proved it once is not asked again.
  assert.equal((await page.goto(`${origin}/login`)).status(), 200);
  await page.context().close();
});

test("a posted form goes on after the widget", async () => {
  const turnstile = await vendor();
  const origin = await shop(turnstile);
  const { page } = await visitor(origin, `http://127.0.0.1:${turnstile.port}`);
  await page.goto(`${origin}/`);
  await page.evaluate(() => {
    const form = document.createElement("form");
    [form.method, form.action] = ["post", "/login"];
    for (const [name, value] of [["email", "ada@example.org"], ["password", "wrong"]]) {
      form.append(Object.assign(document.createElement("input"), { name, value }));
    }
    document.body.append(form);
    form.submit();
  });
  await page.getByText("I am a person").click();
  // The shop says that the password is wrong, so it got it.
  await page.locator("input[name=password]").waitFor();
  await page.context().close();
});

test("a refused token is said, and the next try is a new challenge", async () => {
  let turns = 0;
  const turnstile = await vendor({ answer: (question) => (turns++ === 0 ? { success: false, "error-codes": ["invalid-input-response"] } : yes(question)) });
  const origin = await shop(turnstile);
  const { page } = await visitor(origin, `http://127.0.0.1:${turnstile.port}`);
  await page.goto(`${origin}/login`);
  await page.getByText("I am a person").click();
  await page.locator("#text", { hasText: "not_vouched" }).waitFor();
  await page.click("#action");
  await page.getByText("I am a person").click();
  await page.locator("input[name=password]").waitFor();
  await page.context().close();
});

test("a vendor that is away is followed by what takes its place, on the same page", async () => {
  const turnstile = await vendor({ answer: () => ({ status: 500 }) });
  const origin = await shop(turnstile, 'fail = "own"\ndeadline = "1s"');
  const { page, broken } = await visitor(origin, `http://127.0.0.1:${turnstile.port}`);
  await page.goto(`${origin}/login`);
  await page.getByText("I am a person").click();
  await page.locator("input[name=password]").waitFor();
  assert.deepEqual(broken, []);
  await page.context().close();
});

test("a script that is kept away: closed, unless the browser is believed", async () => {
  const turnstile = await vendor({ script: 404 });
  for (const [more, expected] of [["", "widget_failed"], ['fail = "own"', "widget_failed"], ['fail = "own"\nbelieve_browser = true', undefined]]) {
    const origin = await shop(turnstile, more);
    const { page } = await visitor(origin, `http://127.0.0.1:${turnstile.port}`);
    await page.goto(`${origin}/login`);
    if (expected === undefined) await page.locator("input[name=password]").waitFor();
    else await page.locator("#text", { hasText: expected }).waitFor();
    await page.context().close();
  }
  assert.equal(turnstile.asked.length, 0);
});

test("ALTCHA's own widget solves what is issued here, and opens the way", async () => {
  const dist = (name) => readFile(new URL(`../../node_modules/altcha/dist/${name}`, import.meta.url), "utf8");
  const altcha = await vendor({ text: await dist("main/altcha.min.js"), style: await dist("external/altcha.css") });
  const style = `http://127.0.0.1:${altcha.port}/widget.css`;
  const origin = await shop(altcha, `work = 1000\nstyle = "${style}"`, "altcha");
  const { page } = await visitor(origin, `http://127.0.0.1:${altcha.port}`, "blob:");
  await page.goto(`${origin}/login`);
  if (shots) await page.locator("altcha-widget").waitFor().then(() => page.screenshot({ path: join(shots, "altcha.png") }));
  await page.locator("input[name=password]").waitFor();
  await page.context().close();
});

test("ALTCHA's own library solves version 1 and 2, once each", async () => {
  const [v1, v2, { deriveKey }] = await Promise.all([import("altcha-lib/v1"), import("altcha-lib"), import("altcha-lib/algorithms/pbkdf2")]);
  const solvers = [
    ["version = 1\nwork = 5000", async (challenge) => ({ ...challenge, ...(await v1.solveChallenge(challenge.challenge, challenge.salt, challenge.algorithm, challenge.maxnumber).promise) })],
    ["version = 2\nwork = 1000", async (challenge) => ({ challenge, solution: await v2.solveChallenge({ challenge, deriveKey }) })],
  ];
  const nobody = await vendor();
  for (const [more, solve] of solvers) {
    const origin = await shop(nobody, more, "altcha");
    const json = { "Content-Type": "application/json", Accept: "application/json" };
    const { challenge } = await (await fetch(`${origin}/login`, { headers: json })).json();
    const puzzle = await (await fetch(origin + challenge.provider.altcha_url)).json();
    const payload = Buffer.from(JSON.stringify(await solve(puzzle))).toString("base64");
    const submit = () => fetch(origin + challenge.solve_url, { method: "POST", headers: json, body: JSON.stringify({ challenge: challenge.challenge, proof: Buffer.from(payload).toString("base64url") }) });
    const first = await submit();
    assert.deepEqual([first.status, await first.json()], [200, { ok: true }], more);
    assert.equal((await (await submit()).json()).code, "spent", more);
  }
});
