// The panel over a store of any size: how long each page's questions take, when it is first painted, and how much memory the
// server needs for it. `npm run volume FOLDER` over what the program `volume` of crates/event left (see there), after
// `cargo build --release`. Fails when a page is slower than it may be.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

process.env.SPIGOT_BINARY ??= new URL("../../target/release/spigot", import.meta.url).pathname;
const { admin, startDemo } = await import("./test/browser/panel.mjs");

const ANSWER_MILLIS_MAX = 500;
const PAINT_MILLIS_MAX = 1_000;
/** Of each page; the first of them meets a disk that is asleep, and does not count for the slowest answer. */
const TURNS = 3;
/** A search asks on until it has what it wants; so long it is followed. */
const FOLLOWED_MILLIS = 10_000;
/** Where somebody looks at much: each range, each way to search, one decision. */
const PAGES = process.env.PAGES?.split(",") ?? [
  ...["hour", "day", "week", "month", "year"].map((range) => `overview?range=${range}`),
  "overview?range=month&route=search",
  "activity",
  "activity?ip=11.0.14.116",
  "activity?ip=17.157.30.0/24",
  "activity?network=AS1234",
  "activity?country=GS&action=block",
  "activity?action=block",
  "activity?path=/absent",
  "activity?path=/products/19999",
  "activity?device=toaster",
  "activity?reason=manual",
  "activity?account=0000000000000000",
  "activity?fingerprint=t13d0000h2_000000000000_000000000000",
  "activity?id=0000000000000000",
  "captcha",
  "lists",
  "lists/allow",
  "restrictions",
  "exceptions",
  "policy",
  "policy/forms",
  "policy/replay",
  "policy/publish",
  "policy/history",
  "users",
  "account",
  "review",
  "health",
  "audit",
];

/** What reads most of the store, by the button that begins it. */
const LONG = { review: "Make a new one", "policy/replay": "Replay" };

const store = process.argv[2];
if (!store || !existsSync(join(store, "events.sqlite"))) {
  console.error("name the folder that `cargo run --release -p spigot-event --example volume` left");
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), "spigot-volume-"));
const config = join(folder, "spigot.toml");
// Nothing of the store may be thrown away for its age or size.
await writeFile(config, '[events]\nkeep = "400d"\nkeep_size = "100GiB"\n');
const demo = await startDemo({ config, data: store });
const slow = [];
try {
  const page = await admin(demo);
  const decision = JSON.parse(execFileSync(process.env.SPIGOT_BINARY, ["events", "--limit", "1", "--format", "json", "--data", store], { encoding: "utf8" }).split("\n")[0]).id;
  console.log(`${"page".padEnd(38)}${"paint".padStart(10)}${"answer".padStart(10)}${"worst".padStart(10)}  slowest question`);
  for (const where of [...PAGES, `support/${decision}`]) {
    const turns = [];
    for (let turn = 0; turn < TURNS; turn++) turns.push(await look(page, where));
    const [paint, answer] = [median(turns.map((one) => one.paint)), median(turns.map((one) => one.answer))];
    const worst = turns.slice(1).reduce((one, other) => (other.answer > one.answer ? other : one));
    console.log(`${where.padEnd(38)}${[paint, answer, worst.answer].map((millis) => `${Math.round(millis)} ms`.padStart(10)).join("")}  ${worst.question}`);
    if (paint > PAINT_MILLIS_MAX || worst.answer > ANSWER_MILLIS_MAX) slow.push(where);
  }
  for (const [where, begin] of Object.entries(LONG)) console.log(`${where.padEnd(38)}${await long(page, where, begin)}`);
  console.log(`server: ${memory(demo.pid)}`);
} finally {
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
}
if (slow.length > 0) {
  console.error(`slower than ${ANSWER_MILLIS_MAX} ms, or first painted after ${PAINT_MILLIS_MAX} ms: ${slow.join(", ")}`);
  process.exit(1);
}

/** Loads a page from nothing, as who opens the panel does; its first paint, and the slowest of all answers to its questions. */
async function look(page, where) {
  await page.goto("about:blank");
  const answered = [];
  const note = async (response) => {
    const url = new URL(response.url());
    if (!url.pathname.startsWith("/api/")) return;
    await response.finished();
    const { requestStart, responseEnd } = response.request().timing();
    answered.push({ question: url.pathname + url.search, millis: responseEnd - requestStart });
  };
  const noted = [];
  const listen = (response) => noted.push(note(response).catch(() => undefined));
  page.on("response", listen);
  await page.goto(`${demo.panel}/#/${where}`);
  await page.locator("#main h1").waitFor();
  // A search that goes on says how far it is; that is its first answer.
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0 && (!document.querySelector("#main .spinner") || document.querySelector("#main progress")));
  await page.waitForFunction(() => !document.querySelector("#main progress"), undefined, { timeout: FOLLOWED_MILLIS }).catch(() => undefined);
  page.off("response", listen);
  await Promise.all(noted);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  const slowest = answered.reduce((one, other) => (other.millis > one.millis ? other : one), { question: "none", millis: 0 });
  return { paint, answer: slowest.millis, question: slowest.question };
}

/** Begins what takes long, sees how far it is, and stops it. */
async function long(page, where, begin) {
  await page.goto(`${demo.panel}/#/${where}`);
  const start = page.getByRole("button", { name: begin, exact: true });
  await start.waitFor();
  const begun = performance.now();
  const since = () => `${Math.round(performance.now() - begun)} ms`;
  await start.click();
  await page.locator("#main [role=status]", { hasText: /[1-9][\d,]* (event|request)/ }).waitFor();
  const seen = since();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await start.waitFor();
  return `progress seen after ${seen}, stopped after ${since()}`;
}

function median(values) {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
}

/** What it has in memory, now and at most. */
function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (field) => Math.round(Number(status.match(new RegExp(`${field}:\\s+(\\d+)`))[1]) / 1024);
  return `${of("VmRSS")} MiB resident, ${of("VmHWM")} MiB at most (128 MiB of it the counter table)`;
}
