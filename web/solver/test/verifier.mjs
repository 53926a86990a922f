// A verifier over a kernel, for the tests only: the format a second time, read from the module pages.

const TAG_PARENT = 32;

/** "ok", or the refusal's name in vectors.json. */
export function refusal(solver, kernel, key, params, bytes) {
  const pathWords = 4 * params.log2N;
  if (bytes.length !== 20 + 4 * params.open * pathWords) return "malformed";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words = Uint32Array.from({ length: bytes.length / 4 }, (_, n) => view.getUint32(4 * n, true));
  const root = words.subarray(0, 4);
  const ground = solver.grind(key, root, params, words[4], 1);
  if (ground === undefined) return "bad_grind";
  for (let t = 0; t < params.open; t++) {
    const path = words.subarray(5 + t * pathWords, 5 + (t + 1) * pathWords);
    if (!climbsTo(root, solver, kernel, key, ground.names[t], path)) return `bad_path:${t}`;
  }
  return "ok";
}

function climbsTo(root, solver, kernel, key, name, path) {
  let node = new Uint32Array(4);
  solver.leaves(key, name, 1, node);
  for (let at = 0; at < path.length; at += 4, name >>= 1) {
    const sibling = path.subarray(at, at + 4);
    const message = new Uint32Array(16);
    message.set(name & 1 ? sibling : node);
    message.set(name & 1 ? node : sibling, 4);
    const digest = new Uint32Array(8);
    kernel.block(message, TAG_PARENT, digest);
    node = digest.subarray(0, 4);
  }
  return node.every((word, n) => word === root[n]);
}
