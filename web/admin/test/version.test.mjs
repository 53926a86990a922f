// Health says when a browser shows another version of the panel than the server is: both have to be told the same.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));

test("the panel has the server's version", () => {
  assert.equal(read("../package.json").version, read("../../../docs/openapi/admin.json").info.version);
});
