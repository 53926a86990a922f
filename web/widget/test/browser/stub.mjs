// A stand-in for the service, as docs/widget-protocol.md has it, and for a site whose pages use it; and a browser.

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

export const SMALL = { kind: "cachewalk", log2_n: 7, grind: 20, open: 3 };
export const PBKDF2 = { kind: "pbkdf2", log2_n: 7, grind: 16, open: 3 };
export const DEFAULT = { kind: "cachewalk", log2_n: 13, grind: 1000, open: 3 };
export const SITE_KEY = "7d9c1e2a-0000-4000-8000-5f0e8a6b1c3d";
export const DECISION = "9f3k2m7q5x8t1b4c";
export const NONCE = "n0nce";
/** A page's policy that trusts nothing but what carries its nonce, and what that loads. */
export const STRICT = (stub, more = "") =>
  `default-src 'none'; script-src 'nonce-${NONCE}' 'strict-dynamic' 'wasm-unsafe-eval'; img-src data:; base-uri 'none'; ` +
  `form-action 'self'; connect-src 'self' ${stub.base}; worker-src 'self' blob:; ${more}`;
export const TRUSTED = "require-trusted-types-for 'script'; trusted-types spigot;";

const FOLDER = "/.spigot/widget/";
const TYPES = { js: "text/javascript", json: "application/json", wasm: "application/wasm" };
const AGAIN = ["expired", "stale", "spent", "other_network", "other_context", "too_early", "unknown_key", "press_missing"];
const dist = (name) => readFileSync(new URL(`../../dist/${name}`, import.meta.url));
const escape = (text) => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** Where pages made for other services look for their scripts, and what the service hands out there. */
const COMPAT = ["/turnstile/v0/api.js", "/1/api.js", "/recaptcha/api.js", "/recaptcha/enterprise.js", `${FOLDER}compat.js`];
export const compatAt = (request) => (COMPAT.includes(request.url.split("?")[0]) ? { type: TYPES.js, text: dist("compat.js") } : undefined);
export const inline = (text) => `<script nonce="${NONCE}">${text}</script>`;
/** The widget's script and an element, as a page would have them. */
export const script = (base = "") => `<script src="${base}${FOLDER}widget.js" nonce="${NONCE}" async></script>`;
export const widget = (attributes = "") => `<spigot-challenge site-key="${SITE_KEY}" ${attributes}></spigot-challenge>`;
export const form = (inner, attributes = "") =>
  `<form method="post" action="/send" ${attributes}><label>Name <input name="name"></label><label>Mail <input name="mail"></label>
   ${inner}<button name="which" value="send">Send</button></form>`;

/** Options: `body` (the page's, or a function of the stub), `csp`, `puzzle`, `interaction`, `life` (of a token, ms),
 * `challengeLife`, `grace` (a spent token gives the next), `challenges` and `solves` (codes for the first calls: null goes well, `next` and `next-press` ask for
 * more), `test` (a test key's kind), `fallback` (another puzzle), `missing` (files that are 404), `hold` (a promise that
 * solutions wait for), `answer` and `headers` (files of the test's own), `elsewhere` (the service has an origin of its own), `language` of the page, `head`. */
export async function startStub(options = {}) {
  const { puzzle = SMALL, life = 300_000, challengeLife = 120_000, missing = [], hold, fallback, test } = options;
  const challenges = [...(options.challenges ?? [])];
  const solves = [...(options.solves ?? [])];
  const stub = { asked: [], submissions: [], requests: [], tokens: [], posts: [], again: [] };
  const open = new Map();
  /** The next challenge asked for is refused with this code. */
  stub.refuse = (code) => challenges.push(code);

  function challenge(asking, what = puzzle, interaction = asking.interactive ? "press" : (options.interaction ?? "none")) {
    const common = { protocol: 1, expires_in_millis: challengeLife, interaction };
    if (test !== undefined) return { ...common, test, token: "XXXX.TEST.TOKEN.XXXX" };
    const text = randomBytes(120).toString("base64url");
    open.set(text, { what, interaction, context: contextOf(asking) });
    return { ...common, challenge: text, ...what, fallback: fallback !== undefined && what === puzzle };
  }

  const contextOf = ({ site_key, action, data }) => JSON.stringify([site_key, action, data]);

  function solved(submission) {
    const issued = open.get(submission.challenge);
    open.delete(submission.challenge);
    if (issued === undefined) return "spent";
    if (issued.context !== contextOf(submission)) return "other_context";
    if (issued.interaction === "press" && submission.pressed === undefined) return "press_missing";
    return verify(submission, issued.what);
  }

  function issue() {
    const token = `token-${stub.tokens.length + 1}`;
    stub.tokens.push(token);
    return [200, { protocol: 1, token, expires_in_millis: life }];
  }

  function problem(code, asking) {
    const status = { site_key_unknown: 400, host_not_allowed: 403, restricted: 403, throttled: 429, busy: 503, unavailable: 503 }[code] ?? 400;
    const retry = status === 429 || status === 503 ? { "Retry-After": "1" } : {};
    const fresh = AGAIN.includes(code) ? { challenge: challenge(asking, puzzle, code === "press_missing" ? "press" : undefined) } : {};
    const decision = code === "restricted" ? { decision: DECISION } : {};
    return [status, { type: "about:blank", title: "No", status, detail: "No", code, ...fresh, ...decision }, retry];
  }

  async function call(path, asking) {
    if (asking.protocol !== 1) return problem("protocol_unsupported", asking);
    if (path === "challenge") {
      stub.asked.push(asking);
      const code = challenges.shift() ?? null;
      // A form that came back: the next token without a puzzle, once for each.
      if (code === null && options.grace && stub.tokens.includes(asking.again) && !stub.again.includes(asking.again)) {
        stub.again.push(asking.again);
        return issue();
      }
      return code === null ? [200, challenge(asking)] : problem(code, asking);
    }
    if (path === "fallback") return [200, challenge(asking, fallback)];
    await hold;
    stub.submissions.push(asking);
    const said = solves.shift() ?? null;
    const code = said === null || said.startsWith("next") ? solved(asking) : said;
    if (code !== "ok") return problem(code, asking);
    if (said?.startsWith("next")) return [200, { protocol: 1, next: challenge(asking, puzzle, said === "next-press" ? "press" : "none") }];
    return issue();
  }

  async function handle(request, response) {
    const body = await bodyOf(request);
    const [path] = request.url.split("?");
    stub.requests.push(`${request.method} ${path}`);
    const cors = { "Access-Control-Allow-Origin": request.headers.origin ?? "*", Vary: "Origin" };
    if (path.startsWith(FOLDER)) {
      const name = path.slice(FOLDER.length);
      if (request.method === "POST") {
        const [status, fields, more = {}] = await call(name, JSON.parse(body));
        response.writeHead(status, { ...cors, ...more, "Access-Control-Expose-Headers": "Retry-After", "Content-Type": "application/json", "Cache-Control": "no-store" });
        return response.end(JSON.stringify(fields));
      }
      if (missing.includes(name)) return response.writeHead(404, cors).end();
      return response.writeHead(200, { "Access-Control-Allow-Origin": "*", "Content-Type": TYPES[name.split(".").at(-1)], "Cache-Control": "max-age=60" }).end(dist(name));
    }
    if (request.method === "POST") stub.posts.push(body);
    if (options.answer) {
      const own = options.answer(request, body, stub);
      if (own !== undefined) return response.writeHead(200, { "Content-Type": own.type ?? "text/html", ...options.headers?.(stub) }).end(own.text);
    }
    const headers = { "Content-Type": "text/html; charset=utf-8", ...(options.csp ? { "Content-Security-Policy": options.csp(stub) } : {}) };
    response.writeHead(200, headers).end(page(request, body));
  }

  function page(request, body) {
    const inner = request.method === "POST" ? `<p id="got">${escape(body)}</p>` : typeof options.body === "function" ? options.body(stub) : options.body;
    return `<!doctype html><html lang="${options.language ?? "en"}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>Site</title>${options.csp ? "" : "<style>input, button { min-height: 2rem }</style>"}${options.head ?? script(stub.base)}</head><body><main><h1>Site</h1>${inner}</main></body></html>`;
  }

  const servers = [await listen(handle)];
  stub.origin = originOf(servers[0]);
  stub.base = "";
  if (options.elsewhere) {
    servers.push(await listen(handle));
    // Another port is another origin; localhost would be another site as well.
    stub.base = originOf(servers[1]);
  }
  stub.stop = () => Promise.all(servers.map((server) => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  }));
  return stub;
}

const originOf = (server) => `http://127.0.0.1:${server.address().port}`;

async function listen(handle) {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** Runs `scenario` in a new browser profile against a new stub, with the page loaded. Fails on a request to a foreign
 * origin, on a script's error and on a breach of the page's policy that the scenario does not expect. */
export async function visit(options, scenario) {
  const stub = await startStub(options);
  const context = await (await openBrowser(...(options.flags ?? []))).newContext({ locale: "en-US", ...options.context });
  const foreign = [];
  const errors = [];
  const own = (stub.own = [stub.origin, stub.base].filter((origin) => origin !== "").map((origin) => `${origin}/`));
  context.on("request", (request) => {
    const url = request.url();
    if (!/^(data|blob):/.test(url) && !own.some((origin) => url.startsWith(origin))) foreign.push(url);
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/.test(message.text())) errors.push(message.text());
  });
  try {
    for (const init of [options.init ?? []].flat()) await page.addInitScript(init);
    if (options.go !== false) await page.goto(`${stub.origin}/`);
    await scenario({ stub, page, context, errors });
    assert.deepEqual(foreign, []);
    if (!options.breaches) assert.deepEqual(errors, []);
  } finally {
    await context.close();
    await stub.stop();
  }
}

/** The token in the hidden field, once it is there. */
export async function token(page, name = "spigot-response") {
  const field = await page.waitForFunction((of) => document.querySelector(`[name="${of}"]`)?.value, name);
  return field.jsonValue();
}
export const state = (page, name) => page.waitForSelector(`spigot-challenge[data-state=${name}]`, { state: "attached" });
export const got = async (page) => Object.fromEntries(new URLSearchParams(await (await page.waitForSelector("#got")).textContent()));
