// A widget's state over time, with a clock and a service of the test's own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { Controller } = await load("src/controller.ts");

const PUZZLE = { challenge: "AAEC", kind: "sha256", bits: 4, expires_in_millis: 120_000, interaction: "none" };
const PRESS = { ...PUZZLE, interaction: "press" };
const issued = (n) => ({ is: "issued", issued: { token: `t${n}`, expires_in_millis: 300_000 } });
const asked = (challenge = PUZZLE) => ({ is: "challenge", challenge });
const refused = (code, more = {}) => ({ is: "refused", code, ...more });

/** `answers` are the service's, in order; then it goes well. Time moves by `pass` only. */
function world({ answers = [], settings = {} } = {}) {
  let now = 0;
  let tokens = 0;
  const timers = new Set();
  const log = [];
  const calls = [];
  const self = {
    log, calls, hidden: false,
    wanted: () => ({ asking: { protocol: 1, site_key: "k" }, interactive: false, language: "en" }),
    settings: () => ({ retry: "auto", refreshExpired: "auto", refreshTimeout: "auto", ...settings }),
    async call(path, body) {
      calls.push([path, body]);
      return answers.shift() ?? (path === "solve" ? issued(++tokens) : asked());
    },
    solve: async (challenge) => ({ challenge, proof: new Uint8Array(8), millis: 1 }),
    seen: () => undefined,
    after(millis, call) {
      const timer = { at: now + millis, call };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    wait: (millis, signal) => new Promise((resolve, reject) => {
      const cancel = self.after(millis, resolve);
      signal.addEventListener("abort", () => (cancel(), reject(new Error("aborted"))));
    }),
    now: () => now,
    random: () => 0.5,
    isHidden: () => self.hidden,
    changed: ({ is, code }) => log.push(code === undefined ? is : `${is} ${code}`),
    happened: (what) => log.push(`(${what})`),
    timers,
    /** Lets time pass, each timer at its own time. */
    async pass(millis) {
      const end = now + millis;
      for (;;) {
        await settle();
        const next = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.call();
      }
      now = end;
      await settle();
    },
  };
  return self;
}

async function settle() {
  for (let n = 0; n < 50; n++) await Promise.resolve();
}

const paths = ({ calls }) => calls.map(([path]) => path);

test("asked, solved, done; the same token until a form was sent with it", async () => {
  const at = world();
  const controller = new Controller(at);
  assert.equal(await controller.execute(), "t1");
  assert.equal(await controller.execute(), "t1");
  assert.deepEqual(paths(at), ["challenge", "solve"]);
  controller.present();
  assert.equal(controller.token(), "t1");
  assert.equal(await controller.execute(), "t2");
});

test("two who wait at once get the one token", async () => {
  const at = world();
  const controller = new Controller(at);
  assert.deepEqual(await Promise.all([controller.execute(), controller.execute()]), ["t1", "t1"]);
  assert.equal(at.calls.length, 2);
});

test("replaced before its end, ten times, then it runs out; a call begins again", async () => {
  const at = world();
  const controller = new Controller(at);
  await controller.execute();
  await at.pass(269_999);
  assert.equal(controller.token(), "t1");
  await at.pass(1);
  assert.equal(controller.token(), "t2");
  await at.pass(9 * 270_000);
  assert.equal(controller.token(), "t11");
  assert.ok(!at.log.includes("expired"));
  await at.pass(300_000);
  assert.equal(controller.token(), undefined);
  assert.ok(controller.isExpired());
  assert.deepEqual(at.log.slice(-2), ["expired", "(expired)"]);
  assert.equal(await controller.execute(), "t12");
});

for (const refreshExpired of ["manual", "never"]) {
  test(`refresh-expired=${refreshExpired}: it runs out, to the millisecond, once`, async () => {
    const at = world({ settings: { refreshExpired } });
    const controller = new Controller(at);
    await controller.execute();
    await at.pass(299_999);
    assert.equal(controller.token(), "t1");
    await at.pass(1);
    assert.equal(controller.token(), undefined);
    await at.pass(1_000_000);
    controller.wake();
    await at.pass(1);
    assert.equal(at.log.filter((is) => is === "(expired)").length, 1);
    assert.equal(at.calls.length, 2);
  });
}

test("a hidden page refreshes nothing; seen again, it does", async () => {
  const at = world();
  const controller = new Controller(at);
  await controller.execute();
  at.hidden = true;
  await at.pass(600_000);
  assert.equal(controller.state.is, "expired");
  assert.equal(at.calls.length, 2);
  at.hidden = false;
  controller.wake();
  await at.pass(0);
  assert.equal(controller.token(), "t2");
});

test("passing trouble: again after 1, 2 and 4 seconds, then told", async () => {
  const at = world({ answers: Array.from({ length: 9 }, () => refused("unreachable")) });
  const controller = new Controller(at);
  const token = controller.execute();
  token.catch(() => {});
  for (const [seconds, calls] of [[0, 1], [1, 2], [2, 3], [4, 4], [60, 4]]) {
    await at.pass(1_000 * seconds);
    assert.equal(at.calls.length, calls);
  }
  await assert.rejects(token, { code: "unreachable" });
  assert.equal(at.log.at(-1), "failed unreachable");
});

test("Retry-After is kept to, and one that is too long is told at once", async () => {
  const at = world({ answers: [refused("throttled", { retryAfterMillis: 8_000 })] });
  const controller = new Controller(at);
  const token = controller.execute();
  await at.pass(7_999);
  assert.equal(at.calls.length, 1);
  await at.pass(1);
  assert.equal(await token, "t1");
  const long = world({ answers: [refused("throttled", { retryAfterMillis: 3_600_000 })] });
  await assert.rejects(new Controller(long).execute(), { code: "throttled" });
});

for (const code of ["site_key_unknown", "host_not_allowed", "protocol_unsupported", "restricted", "wrong", "forged"]) {
  test(`${code} is told at once`, async () => {
    const at = world({ answers: [refused(code, { decision: "d" })] });
    await assert.rejects(new Controller(at).execute(), { code, decision: "d" });
    assert.deepEqual([at.calls.length, at.log.at(-1)], [1, `failed ${code}`]);
  });
}

test("the press: its time is measured, and counts for a challenge that it outlasted", async () => {
  const at = world({ answers: [asked(PRESS), asked(PRESS)] });
  const controller = new Controller(at);
  const token = controller.execute();
  await at.pass(119_000);
  controller.state.press("key");
  assert.equal(await token, "t1");
  assert.deepEqual(paths(at), ["challenge", "challenge", "solve"]);
  assert.deepEqual(at.calls[2][1].pressed, { by: "key", after_millis: 119_000 });
});

test("a service that always wants more does not go on for ever", async () => {
  const at = world({ answers: Array.from({ length: 200 }, () => asked()) });
  const token = new Controller(at).execute();
  token.catch(() => {});
  await at.pass(60_000);
  await assert.rejects(token, { code: "too_many_rounds" });
  assert.ok(at.calls.length <= 4 * 7, String(at.calls.length));
});

test("a refresh that the service wants a press for waits until the token is wanted", async () => {
  const at = world({ answers: [asked(), issued(1), asked(PRESS)] });
  const controller = new Controller(at);
  await controller.execute();
  await at.pass(280_000);
  assert.equal(controller.state.is, "done");
  assert.equal(controller.token(), "t1");
  await at.pass(300_000);
  assert.equal(controller.state.is, "expired");
  assert.equal(at.calls.length, 3);
});

test("reset and end: no timer is left, and what was under way changes nothing any more", async () => {
  for (const stop of ["reset", "end"]) {
    const at = world();
    const controller = new Controller(at);
    const token = controller.execute();
    token.catch(() => {});
    controller[stop]();
    await at.pass(1_000_000);
    await assert.rejects(token);
    assert.equal(controller.token(), undefined);
    assert.equal(at.timers.size, 0);
    assert.ok(!at.log.includes("done"));
  }
});
