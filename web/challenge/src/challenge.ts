// The page's logic: solve, submit, go on. Each part is in its own file; this one decides what happens in which order.

import { openLanes } from "../../solver/browser/lanes.js";
import { pageLane } from "../../solver/browser/page-lane.js";
import { Pool } from "../../solver/browser/pool.js";
import { toBase64Url } from "../../solver/browser/puzzle.js";
import { withinReach } from "../../solver/browser/reach.js";
import { solvePuzzle } from "../../solver/browser/solve.js";
import { pickLanguage } from "./languages.js";
import { createLoopGuard } from "./loop-guard.js";
import { marks } from "./marks.js";
import { parseChallenge, readAnswer, readPuzzle, withPuzzle } from "./protocol.js";
import type { Answer, Challenge, PuzzleChallenge, Submission, Vouching } from "./protocol.js";
import { showWidget } from "./provider.js";
import { returnAddress } from "./return-address.js";
import { createView } from "./view.js";

/** An expired or spent challenge, a dropped connection, or a server that has no time is tried again without a word; then the visitor decides. */
const TRIES_MAX = 3;
const RECONNECT_MILLIS = 1_000;
/** A server that does not answer at all. */
const SUBMIT_MILLIS_MAX = 20_000;

const base = new URL(".", (document.currentScript as HTMLScriptElement | null)?.src ?? "/.spigot/").href;
const view = createView(pickLanguage(navigator.languages ?? [navigator.language]));
const guard = createLoopGuard(() => sessionStorage, Date.now);
const page = parseChallenge(document.getElementById("spigot-challenge")!.textContent ?? "");
const isGet = page.method === "GET" || page.method === "HEAD";
/** What is posted after the solve: the kept body's id, or the form that the page has. */
const posted = page.stash === null ? (page.form ?? null) : ([["spigot-stash", page.stash]] as const);
const isKept = posted !== null && !page.too_large;
const tooLargeBytes = page.too_large ? page.max_upload_bytes : undefined;
const target = returnAddress(page.return_to, location.origin);
let leaving = false;
/** The pool that has its lanes. */
let lanesFor: Pool | undefined;

addEventListener("pageshow", (event) => {
  if (event.persisted) comeBack();
});
void begin();

async function begin(): Promise<void> {
  if (!navigator.cookieEnabled) return view.show({ is: "cookies_off", again: () => location.reload() });
  if (guard.isLooping(target)) return view.show({ is: "looping", again: restart });
  if (!isGet && !isKept) return view.show({ is: "cannot_keep", tooLargeBytes, go: () => void attempt(page) });
  await attempt(page);
}

/** Solves and submits until it is done or the visitor has to decide. */
async function attempt(challenge: Challenge): Promise<void> {
  const pool = new Pool(() => pageLane(undefined));
  try {
    for (let tries = 1; ; tries++) {
      const by = challenge.kind === "provider" ? byProvider(challenge) : byPuzzle(challenge, pool, TRIES_MAX - tries);
      const { tried, answer } = await by;
      challenge = "challenge" in answer && answer.challenge ? withPuzzle(page, answer.challenge) : tried;
      if (answer.is === "solved") return goOn();
      if (answer.is !== "again" || tries === TRIES_MAX) return fail(answer, challenge);
    }
  } catch (error) {
    console.error(error);
    fail({ is: "refused", code: "solve_failed" }, challenge);
  } finally {
    pool.end();
  }
}

interface Turn {
  /** The challenge that was solved: perhaps another than the one that was given. */
  readonly tried: Challenge;
  readonly answer: Answer;
}

async function byPuzzle(challenge: PuzzleChallenge, pool: Pool, reconnects: number): Promise<Turn> {
  view.show({ is: "working", slow: false });
  await openLanesFor(challenge, pool);
  const reached = await withinReach(challenge, pool, exchangePuzzle);
  if (reached.slow) view.show({ is: "working", slow: true });
  return { tried: reached.challenge, answer: await solveAndSubmit(reached.challenge, pool, reconnects) };
}

/** A token serves once, so it is submitted once. */
async function byProvider(challenge: Extract<Challenge, Vouching>): Promise<Turn> {
  view.show({ is: "asked", by: challenge.provider.title });
  const start = performance.now();
  const shown = await showWidget(base, view.widget, challenge.provider, view.language);
  if (shown.is === "blocked") {
    const fresh = await exchange(challenge);
    const code = "widget_failed";
    return { tried: challenge, answer: fresh ? { is: "again", code, challenge: fresh } : { is: "refused", code } };
  }
  view.show({ is: "working", slow: false });
  const proof = toBase64Url(new TextEncoder().encode(shown.token));
  const millis = Math.round(performance.now() - start);
  const answer = await submit(challenge.solve_url, { challenge: challenge.challenge, proof, millis });
  return { tried: challenge, answer };
}

async function openLanesFor(challenge: PuzzleChallenge, pool: Pool): Promise<void> {
  if (lanesFor === pool) return;
  lanesFor = pool;
  let opened: (() => void) | undefined;
  const first = new Promise<void>((resolve) => (opened = resolve));
  const url = new URL("worker.js", base).href;
  void openLanes({
    wasmUrl: challenge.kind === "cachewalk" ? new URL("cachewalk.wasm", base).href : undefined,
    ways: [() => () => new Worker(url)],
    page: pageLane,
    join(lane) {
      pool.join(lane);
      opened!();
    },
  });
  await first;
}

/** Another puzzle; or, where the challenge holds no longer, a fresh one like it. */
async function exchange({ fallback_url, challenge }: Challenge): Promise<Challenge | undefined> {
  if (fallback_url === undefined) return undefined;
  try {
    const response = await fetch(returnAddress(fallback_url, location.origin), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ challenge }),
      credentials: "same-origin",
    });
    const fresh = readPuzzle(await response.json());
    return fresh && withPuzzle(page, fresh);
  } catch {
    return undefined;
  }
}

async function exchangePuzzle(challenge: PuzzleChallenge): Promise<PuzzleChallenge | undefined> {
  const fresh = await exchange(challenge);
  return fresh?.kind === "provider" ? undefined : fresh;
}

async function solveAndSubmit(challenge: PuzzleChallenge, pool: Pool, reconnects: number): Promise<Answer> {
  const start = performance.now();
  const { proof, kernel } = await solvePuzzle(challenge, pool, view.progress);
  const millis = Math.round(performance.now() - start);
  const submission = { challenge: challenge.challenge, proof: toBase64Url(proof), millis, kernel };
  for (; ; reconnects--) {
    const answer = await submit(challenge.solve_url, submission);
    const unseen = answer.is === "unreachable" || answer.is === "busy";
    if (!unseen || reconnects <= 0) return answer;
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MILLIS));
  }
}

async function submit(url: string, submission: Submission): Promise<Answer> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), SUBMIT_MILLIS_MAX);
  try {
    const response = await fetch(returnAddress(url, location.origin), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...submission, seen: { browser: marks() } }),
      credentials: "same-origin",
      signal: abort.signal,
    });
    return readAnswer(response.status, await response.json().catch(() => undefined));
  } catch {
    return { is: "unreachable" };
  } finally {
    clearTimeout(timer);
  }
}

function goOn(): void {
  view.progress(1);
  if (isGet) {
    view.show({ is: "going", sending: false });
    leave(open);
  } else if (isKept && posted !== null) {
    view.show({ is: "going", sending: true });
    leave(() => send(posted));
  } else {
    view.show({ is: "not_sent", tooLargeBytes, back: () => history.back() });
  }
}

function leave(how: () => void): void {
  guard.note(target);
  leaving = true;
  how();
}

/** Keeps the fragment, which the server never saw. To the same address with a fragment a browser would only scroll. */
function open(): void {
  const [here] = location.href.split("#");
  if (location.hash !== "" && here === target.split("#")[0]) location.reload();
  else location.replace(target.includes("#") ? target : target + location.hash);
}

/** Posts to where the form was going. Of a kept body only the id: the server puts the body in its place. */
function send(fields: readonly (readonly [string, string])[]): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = target;
  form.hidden = true;
  for (const [name, value] of fields) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  forgetPost();
  // A field of the form may be called "submit".
  HTMLFormElement.prototype.submit.call(form);
}

/** The browser remembers this page as one that a form was posted to: going back would ask whether to post it once more.
 * Instead it leads to where the form was. */
function forgetPost(): void {
  const form = document.referrer.startsWith(`${location.origin}/`) ? document.referrer : target;
  try {
    history.replaceState(null, "", form);
  } catch {
    // Some in-app browsers forbid it. Then the browser asks.
  }
}

function fail(answer: Answer, challenge: Challenge): void {
  const code = "code" in answer ? answer.code : undefined;
  // A reload would send a form's body once more and lose the kept one; the server gives a fresh challenge anyway.
  const again = isGet ? restart : () => void attempt(challenge);
  view.show({ is: "failed", offline: answer.is === "unreachable", code, again });
}

function restart(): void {
  guard.forget();
  if (isGet) location.reload();
  else void attempt(page);
}

/** The visitor pressed the browser's back button, and the page is as it was left. */
function comeBack(): void {
  if (isGet) location.reload();
  else if (leaving) view.show({ is: "already_sent", back: () => history.back() });
}
