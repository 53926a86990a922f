// A stand-in for Spigot and the application behind it, and a browser to visit it with.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { chromium } from "playwright-core";
import { browsersOf } from "../../../solver/test/browser.mjs";
import { verify } from "../../../solver/test/proof.mjs";
import { bodyOf } from "../../../solver/test/serve.mjs";

export const { openBrowser, closeBrowser } = browsersOf(chromium);
export { until } from "../../../solver/test/browser.mjs";

export const CSP =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
export const SMALL = { kind: "cachewalk", log2_n: 7, grind: 20, open: 3 };
export const PBKDF2 = { kind: "pbkdf2", log2_n: 7, grind: 16, open: 3 };
/** A third party's, whose script the stub serves too. */
export const WIDGET = {
  kind: "provider",
  provider: { name: "turnstile", title: "Cloudflare Turnstile", script: "/.spigot/widget.js", style: null, site_key: "k", action: "spigot", carry: "00", altcha_url: null, endpoint: null },
};
const WIDGET_SCRIPT = `window.turnstile = { render(element, { callback }) {
  const button = Object.assign(document.createElement("button"), { textContent: "I am a person", onclick: () => callback("token") });
  element.append(button);
} };`;
export const DEFAULT = { kind: "cachewalk", log2_n: 13, grind: 1000, open: 3 };
export const DECISION = "9f3k2m7q5x8t1b4c";

const CONTENT_TYPES = { js: "text/javascript", css: "text/css", wasm: "application/wasm" };
const MAX_UPLOAD_BYTES = 1000;
const dist = (name) => readFileSync(new URL(`../../dist/${name}`, import.meta.url));
const TEXTS = JSON.parse(dist("texts.json"));
const escape = (text) => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** Options: `csp`, `puzzle`, `answers` (codes for the first submissions: null solves, a code refuses; with `+` it brings
 * a new challenge), `setsCookie`, `hold` (a promise that submissions wait for), `missing` (assets that are 404),
 * `flags` (for the browser), `fallback` (another puzzle, or `"no"` when it is refused), `fallbackAnswers` (codes for the first questions for it),
 * `stays` (the application answers with nothing, so that the page stays where it is), `change` (over the challenge's fields),
 * `levels` (which level a path demands; 1 without). */
export async function startStub(options = {}) {
  const { csp = CSP, puzzle = SMALL, setsCookie = true, missing = [], stays = false, hold, change = {}, fallback, levels = {} } = options;
  const answers = [...(options.answers ?? [])];
  const fallbackAnswers = [...(options.fallbackAnswers ?? [])];
  const stub = { submissions: [], requests: [], stashes: new Map(), issued: 0 };
  const open = new Map();

  function challenge(errand, what = puzzle, level = 1) {
    const bytes = randomBytes(120);
    open.set(bytes.toString("base64url"), { what, level });
    stub.issued++;
    if (fallback !== undefined && what === puzzle) errand = { ...errand, fallback_url: "/.spigot/fallback" };
    return { challenge: bytes.toString("base64url"), ...what, expires_in_millis: 120000, solve_url: "/.spigot/solve", ...errand };
  }

  function errand(request, body) {
    const method = request.method;
    const tooLarge = body.length > MAX_UPLOAD_BYTES;
    const stash = method === "POST" && !tooLarge ? `stash-${stub.stashes.size}` : null;
    if (stash !== null) stub.stashes.set(stash, body);
    return { return_to: request.url, method, stash, decision: DECISION, too_large: tooLarge, max_upload_bytes: MAX_UPLOAD_BYTES, ...change };
  }

  function page(request, body) {
    const plain = '<p class="text">Wait 5 seconds.</p><form class="actions" method="get" action="/.spigot/wait"><input type="hidden" name="c" value="w41t"><button class="action" type="submit">Continue without JavaScript</button></form>';
    const demanded = levels[request.url.split("?")[0]] ?? 1;
    const json = JSON.stringify(challenge(errand(request, body), puzzle, demanded)).replaceAll("<", "\\u003c");
    return dist("page.html").toString()
      .replaceAll("{{lang}}", "en")
      .replaceAll("{{dir}}", "ltr")
      .replaceAll(/\{\{text:(\w+)\}\}/g, (_, key) => TEXTS.en[key])
      .replaceAll("{{host}}", escape(request.headers.host))
      .replaceAll("{{decision}}", DECISION)
      .replace("{{noscript_html}}", () => plain)
      .replace("{{challenge_json}}", () => json);
  }

  function waitPage() {
    return dist("continue.html").toString()
      .replaceAll("{{lang}}", "en")
      .replaceAll("{{dir}}", "ltr")
      .replaceAll(/\{\{text:(\w+)\}\}/g, (_, key) => TEXTS.en[key])
      .replaceAll("{{title}}", "Please wait")
      .replace("{{text}}", "In 5 seconds this page goes on by itself.")
      .replace("{{form_html}}", '<form method="post" action="/"><p class="actions"><button class="action">Continue</button></p></form>')
      .replace("{{decision}}", DECISION);
  }

  function solved(submission) {
    const issued = open.get(submission.challenge);
    return issued !== undefined && open.delete(submission.challenge) ? verify(submission, issued.what) : "spent";
  }

  async function solve(body) {
    await hold;
    const submission = JSON.parse(body);
    stub.submissions.push(submission);
    const level = open.get(submission.challenge)?.level;
    const code = answers.shift() ?? solved(submission);
    if (code === "ok") return { status: 200, fields: { ok: true }, cookie: setsCookie ? level : undefined };
    if (code === "busy") return { status: 503, fields: { title: "No", status: 503, code } };
    const fresh = code.endsWith("+") ? { challenge: challenge({}) } : {};
    return { status: 403, fields: { title: "No", detail: "Not solved", status: 403, code: code.replace("+", ""), ...fresh } };
  }

  async function handle(request, response) {
    const body = await bodyOf(request);
    stub.requests.push(`${request.method} ${request.url}`);
    const [path] = request.url.split("?");
    const headers = { "Cache-Control": "no-store" };
    if (path === "/.spigot/solve") {
      const { status, fields, cookie } = await solve(body);
      if (cookie) headers["Set-Cookie"] = `clearance=${cookie}; Path=/; HttpOnly; SameSite=Lax`;
      response.writeHead(status, { ...headers, "Content-Type": status === 200 ? "application/json" : "application/problem+json" });
      return response.end(JSON.stringify(fields));
    }
    if (path === "/.spigot/fallback") {
      const code = fallbackAnswers.shift() ?? (fallback === "no" ? "no_fallback" : undefined);
      // As there, where the challenge does not hold any more a fresh one like it comes along.
      const fresh = code === "other_network" ? { challenge: challenge({}) } : {};
      const given = code === undefined ? { challenge: challenge({}, fallback) } : { code, ...fresh };
      response.writeHead(code === undefined ? 200 : 403, { ...headers, "Content-Type": "application/json" });
      return response.end(JSON.stringify(given));
    }
    headers["Content-Security-Policy"] = csp;
    if (path === "/.spigot/wait") return response.writeHead(200, { ...headers, "Content-Type": "text/html" }).end(waitPage());
    if (path.startsWith("/.spigot/")) {
      const name = path.slice("/.spigot/".length);
      if (name === "widget.js") return response.writeHead(200, { "Content-Type": "text/javascript" }).end(WIDGET_SCRIPT);
      if (missing.includes(name)) return response.writeHead(404, headers).end();
      return response.writeHead(200, { ...headers, "Content-Type": CONTENT_TYPES[name.split(".")[1]] }).end(dist(name));
    }
    const held = Number(/clearance=(\d)/.exec(request.headers.cookie ?? "")?.[1] ?? 0);
    const cleared = held >= (levels[path] ?? 1);
    if (cleared && stays) return response.writeHead(204).end();
    if (cleared || path === "/form") {
      return response.writeHead(200, { "Content-Type": "text/html" }).end(application(request, body));
    }
    response.writeHead(403, { ...headers, "Content-Type": "text/html; charset=utf-8" }).end(page(request, body));
  }

  function application(request, body) {
    const id = new URLSearchParams(body).get("spigot-stash");
    const sent = id === null ? body : stub.stashes.get(id);
    const form = '<form method="post" action="/send"><input name="name"><textarea name="text"></textarea><button>Send</button></form>';
    const shown = `<p id="got">${request.method} ${escape(request.url)} ${escape(sent ?? "lost")}</p>`;
    return `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Application</title><h1>Application</h1>${shown}${form}`;
  }

  const server = createServer((request, response) => void handle(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  stub.origin = `http://127.0.0.1:${server.address().port}`;
  stub.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return stub;
}

/** Runs `scenario` in a new browser profile against a new stub. Fails on a request to another origin, on a script's
 * error and on a breach of the page's policy that the scenario does not expect. */
export async function visit(options, scenario) {
  const stub = await startStub(options);
  const context = await (await openBrowser(...(options.flags ?? []))).newContext({ locale: "en-US", ...options.context });
  const foreign = [];
  const errors = [];
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${stub.origin}/`) && !url.startsWith("data:")) foreign.push(url);
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) errors.push(message.text());
  });
  try {
    await scenario({ stub, page, context });
    assert.deepEqual(foreign, []);
    if (!options.breaches) assert.deepEqual(errors, []);
  } finally {
    await context.close();
    await stub.stop();
  }
}

export const isApplication = (page) => page.waitForSelector("#got").then((got) => got.textContent());
export const state = (page, name) => page.waitForSelector(`#card[data-state=${name}]`);
