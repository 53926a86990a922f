// The real service, a real browser, and a site whose server asks whether the token is good. Needs the built binary (cargo
// build, or SPIGOT_BINARY=<path>) and Chromium.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createListener } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ended } from "../../../challenge/test/ended.mjs";
import { chromium } from "playwright-core";
import { browsersOf } from "../../../solver/test/browser.mjs";
import { FLAGS, agentOf } from "../../../challenge/test/demo/person.mjs";

const BINARY = process.env.SPIGOT_BINARY ?? fileURLToPath(new URL("../../../../target/debug/spigot", import.meta.url));
const { openBrowser, closeBrowser } = browsersOf(chromium);
const folder = mkdtempSync(join(tmpdir(), "spigot-widget-"));
const data = join(folder, "data");
let service, program, server, origin, body, verified, userAgent;

const freePort = () => new Promise((resolve) => {
  const listener = createListener().listen(0, "127.0.0.1", () => {
    const { port } = listener.address();
    listener.close(() => resolve(port));
  });
});

const addSite = (name, ...more) => {
  const said = execFileSync(BINARY, ["site", "add", name, "--host", "127.0.0.1", "--data", data, "--format", "json", ...more]);
  return JSON.parse(said);
};

async function verify(token, secret, path = "/turnstile/v0/siteverify") {
  const response = await fetch(service + path, { method: "POST", body: new URLSearchParams({ secret, response: token ?? "" }) });
  return response.json();
}

before(async () => {
  userAgent = await agentOf(await openBrowser(...FLAGS));
  const [admin, port] = [await freePort(), await freePort()];
  service = `http://127.0.0.1:${port}`;
  const config = join(folder, "spigot.toml");
  writeFileSync(config, `admin = "127.0.0.1:${admin}"\ndata = "${data}"\n[service]\nlisten = "127.0.0.1:${port}"\ntest_keys = true\n`);
  program = spawn(BINARY, ["run", "--config", config], { stdio: ["ignore", "inherit", "inherit"] });
  const answers = async () => (await fetch(`${service}/.spigot/widget/widget.js`).catch(() => undefined))?.ok;
  for (const end = Date.now() + 20_000; !(await answers()); await new Promise((resolve) => setTimeout(resolve, 50))) {
    assert.ok(Date.now() < end && program.exitCode === null, "the service does not start");
  }
  server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const sent = new URLSearchParams(Buffer.concat(parts).toString());
    if (request.method === "POST") verified = await verify(sent.get("spigot-response") ?? sent.get("cf-turnstile-response"), server.secret);
    response.writeHead(200, { "Content-Type": "text/html" });
    response.end(`<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Site</title>${request.method === "POST" ? `<p id="got">sent</p>` : body}`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
});

after(async () => {
  await closeBrowser();
  server?.close();
  server?.closeAllConnections();
  await ended(program);
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});

const script = (path = "/.spigot/widget/widget.js") => `<script src="${service}${path}" async defer></script>`;
const form = (inner) => `<form method="post" action="/send"><input name="name">${inner}<button name="which">Send</button></form>`;

async function visit(secret, html, scenario, from = origin) {
  Object.assign(server, { secret });
  body = html;
  const context = await (await openBrowser(...FLAGS)).newContext({ locale: "en-US", userAgent });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(from);
    await scenario(page);
  } finally {
    await context.close();
  }
}

const value = (page) => page.waitForFunction(() => document.querySelector("[name=spigot-response]")?.value).then((token) => token.jsonValue());

test("a form: checked, sent, verified; its token counts once", async () => {
  const { site_key, secret } = addSite("plain");
  await visit(secret, script() + form(`<spigot-challenge site-key="${site_key}" action="log-in" data="42"></spigot-challenge>`), async (page) => {
    const token = await value(page);
    await page.click("button");
    await page.waitForSelector("#got");
    assert.deepEqual([verified.success, verified.action, verified.cdata, verified.hostname], [true, "log-in", "42", "127.0.0.1"], JSON.stringify(verified));
    assert.deepEqual((await verify(token, secret))["error-codes"], ["timeout-or-duplicate"]);
  });
});

test("a form that comes back with an error: the next token without a puzzle", async () => {
  const { site_key, secret } = addSite("again");
  const stay = `<script>addEventListener("submit", (event) => event.preventDefault())</script>`;
  await visit(secret, script() + form(`<spigot-challenge site-key="${site_key}"></spigot-challenge>`) + stay, async (page) => {
    const paths = [];
    page.on("request", (request) => request.method() === "POST" && paths.push(new URL(request.url()).pathname.split("/").at(-1)));
    const first = await value(page);
    await page.click("button");
    assert.equal((await verify(first, secret)).success, true);
    paths.length = 0;
    await page.fill("[name=name]", "mended");
    await page.waitForFunction((old) => document.querySelector("[name=spigot-response]").value !== old, first);
    assert.equal((await verify(await value(page), secret)).success, true);
    assert.deepEqual(paths, ["challenge"]);
  });
});

test("a site that always wants a press", async () => {
  const { site_key, secret } = addSite("press", "--press", "always");
  await visit(secret, script() + form(`<spigot-challenge site-key="${site_key}"></spigot-challenge>`), async (page) => {
    await page.click("spigot-challenge .go");
    assert.equal((await verify(await value(page), secret)).success, true);
  });
});

test("another host, and a key that nobody knows: told", async () => {
  const { site_key, secret } = addSite("hosts");
  for (const [key, from, code] of [[site_key, origin.replace("127.0.0.1", "localhost"), "host_not_allowed"], ["00000000-1111-4000-8000-000000000000", origin, "site_key_unknown"]]) {
    await visit(secret, script() + form(`<spigot-challenge site-key="${key}"></spigot-challenge>`), async (page) => {
      await page.waitForSelector("spigot-challenge[data-state=failed]");
      assert.match(await page.textContent("spigot-challenge .code"), new RegExp(code));
    }, from);
  }
});

test("a page made for Turnstile: the script's path, a key for tests", async () => {
  const html = script("/turnstile/v0/api.js") + form('<div class="cf-turnstile" data-sitekey="1x00000000000000000000AA"></div>');
  await visit("1x0000000000000000000000000000000AA", html, async (page) => {
    await page.click("button");
    await page.waitForSelector("#got");
    assert.equal(verified.success, true, JSON.stringify(verified));
  });
});
