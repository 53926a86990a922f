// Differential fuzzing: random questions to the Rust crate, to WebAssembly and to JavaScript, whose answers must agree.
//
//   npm run fuzz                     1000 questions, a fresh seed
//   npm run fuzz -- 20000 5eed      as many, from that seed (hexadecimal)

import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { keyWords } from "./dist/cachewalk.js";
import { sha256 } from "./dist/sha256.js";
import { hex, hexWords, kernels, paramsOf, solveWhole, unhex, unhexWords } from "./test/common.mjs";
import { refusal } from "./test/verifier.mjs";

const questions = Number(process.argv[2] ?? 1000);
const seed = process.argv[3] === undefined ? randomInt(2 ** 32) : parseInt(process.argv[3], 16) >>> 0;
console.log(`seed ${seed.toString(16)}, ${questions} questions`);

/** splitmix32: good enough to scatter, and the same everywhere. */
let state = seed;
function random() {
  state = (state + 0x9e3779b9) | 0;
  let z = state;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}
const below = (end) => random() % end;
const pick = (...of) => of[below(of.length)];
const word = () => pick(random(), random(), 0, 1, 0x7fffffff, 0x80000000, 0xffffffff);
const words = (count) => hexWords(Array.from({ length: count }, word));
const bytes = (most) => hex(Uint8Array.from({ length: below(most + 1) }, () => below(256)));
const params = () => ({ log2_n: 4 + below(4), grind: 1 + below(pick(1, 5, 50)), open: 1 + below(16) });

const questionKinds = {
  key: () => ({ op: "key", bytes: bytes(300) }),
  sha256: () => ({ op: "sha256", bytes: bytes(300) }),
  block: () => ({ op: "block", message: words(16), tag: word() }),
  leaf: () => ({ op: "leaf", key: words(8), i: word(), dom: pick(0, 0, 1, 1, word()) }),
  solve: () => ({ op: "solve", bytes: bytes(100), ...params() }),
  refusal: () => {
    const question = { op: "refusal", bytes: bytes(100), ...params() };
    return { ...question, proof: hex(damaged(question)) };
  },
};

/** An honest proof, or one that is damaged somewhere, or none at all. */
function damaged(question) {
  const key = keyWords(unhex(question.bytes));
  const { proof } = solveWhole(kernels()[0].solver, key, paramsOf(question));
  switch (below(5)) {
    case 0:
      return proof;
    case 1:
      return proof.slice(0, below(proof.length));
    case 2:
      return Buffer.concat([proof, unhex(bytes(40))]);
    case 3:
      return proof.map(() => below(256));
    default:
      for (let flips = 1 + below(3); flips > 0; flips--) proof[below(proof.length)] ^= 1 << below(8);
      return proof;
  }
}

function answer({ kernel, solver }, question) {
  const out = new Uint32Array(8);
  const key = () => keyWords(unhex(question.bytes));
  switch (question.op) {
    case "key":
      return hexWords(key());
    case "sha256":
      return hex(sha256(unhex(question.bytes)));
    case "block":
      kernel.block(unhexWords(question.message), question.tag, out);
      return hexWords(out);
    case "leaf":
      kernel.leaf(unhexWords(question.key), question.i, question.dom, out);
      return hexWords(out);
    case "solve":
      return hex(solveWhole(solver, key(), paramsOf(question)).proof);
    case "refusal":
      return refusal(solver, kernel, key(), paramsOf(question), unhex(question.proof));
  }
}

const oracle = spawn(
  "cargo",
  ["run", "--quiet", "--release", "-p", "spigot-cachewalk", "--example", "oracle"],
  { cwd: fileURLToPath(new URL("../..", import.meta.url)), stdio: ["pipe", "pipe", "inherit"] },
);
const answers = createInterface({ input: oracle.stdout })[Symbol.asyncIterator]();
const asked = {};
const both = kernels();
for (let n = 0; n < questions; n++) {
  const question = questionKinds[pick(...Object.keys(questionKinds))]();
  oracle.stdin.write(`${JSON.stringify(question)}\n`);
  const { value: expected, done } = await answers.next();
  if (done) throw new Error(`the oracle ended at question ${n}: ${JSON.stringify(question)}`);
  for (const one of both) {
    const got = answer(one, question);
    if (got !== expected) {
      console.error(`seed ${seed.toString(16)}, question ${n}: ${JSON.stringify(question)}`);
      console.error(`Rust says ${expected}, ${one.kind} says ${got}`);
      process.exit(1);
    }
  }
  const kind = question.op === "refusal" ? `refusal ${expected.split(":")[0]}` : question.op;
  asked[kind] = (asked[kind] ?? 0) + 1;
}
oracle.stdin.end();
console.log("all agree:", asked);
