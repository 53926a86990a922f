// What the packages declare is what is kept: nobody changes what others build upon without seeing it.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { apiReports } from "../report.mjs";

const reports = apiReports();

for (const [file, report] of reports) {
  test(`${file} is what the sources declare`, () => {
    const url = new URL(`../${file}`, import.meta.url);
    const kept = existsSync(url) ? readFileSync(url, "utf8") : "";
    assert.equal(kept, report, `${file}: run npm run build when that is meant`);
  });
}

test("every package has one, and each tells of what its users call", () => {
  const named = [...reports].map(([file, report]) => [file, ["install", "SpigotChallenge", "SpigotChallengeHandle"].filter((name) => new RegExp(`export (declare )?(function|const|interface) ${name}\\b`).test(report))]);
  assert.deepEqual(named, [
    ["api.d.ts", ["install"]],
    ["../react/api.d.ts", ["SpigotChallenge", "SpigotChallengeHandle"]],
    ["../vue/api.d.ts", ["SpigotChallenge"]],
  ]);
  // What React and Vue declare was found.
  for (const [file, report] of reports) assert.doesNotMatch(report, /SpigotChallenge: any\b/, file);
});
