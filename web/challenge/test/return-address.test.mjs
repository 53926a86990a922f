import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { returnAddress } = await load("src/return-address.ts");
const ORIGIN = "https://shop.example";

const kept = ["/", "/a?b=c&d=%20", "/%2f/evil", "/%2F%2Fevil.example", "/%5Cevil", "/a//b", "/@evil.example", "/:80/", "/ä?ö", "/a#b"];
for (const path of kept) {
  test(`${JSON.stringify(path)} is kept`, () => {
    const address = returnAddress(path, ORIGIN);
    assert.equal(address, new URL(path, ORIGIN).href);
    assert.equal(new URL(address).origin, ORIGIN);
  });
}

test("a path that resolves to two slashes stays on the site", () => {
  assert.equal(returnAddress("/.//evil.example/", ORIGIN), `${ORIGIN}//evil.example/`);
});

const refused = [
  "",
  "a",
  "?q",
  "#f",
  ".",
  "javascript:alert(1)",
  "JavaScript:alert(1)",
  " javascript:alert(1)",
  "data:text/html,x",
  "https://evil.example/",
  "https:/evil.example",
  "https:evil.example",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "\\/evil.example",
  " //evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/a\r\nb",
  "/a\u0000",
  "\u0001/a",
  "/a\u007f",
];
for (const path of refused) {
  test(`${JSON.stringify(path)} gives the root`, () => assert.equal(returnAddress(path, ORIGIN), `${ORIGIN}/`));
}
