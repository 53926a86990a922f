// What npm would publish: packed, installed in a fresh folder, and used there as an application would, by types, in Node and
// rendered. Nothing is fetched: React, Vue and TypeScript are those of the tests.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const WIDGET = new URL("..", import.meta.url).pathname;
/** The widget's own comes first: packing it makes what the other two consist of. */
const PACKAGES = { "@spigot/widget": WIDGET, "@spigot/react": join(WIDGET, "../react"), "@spigot/vue": join(WIDGET, "../vue") };
const PEERS = ["react", "react-dom", "vue", "@types/react", "typescript"];
const app = mkdtempSync(join(tmpdir(), "spigot-packages-"));
const packed = [];

after(() => rmSync(app, { recursive: true, force: true }));

before(async () => {
  for (const [name, cwd] of Object.entries(PACKAGES)) {
    const { stdout } = await run("npm", ["pack", "--json", "--silent", "--pack-destination", app], { cwd });
    const [{ filename, files }] = JSON.parse(stdout.slice(stdout.indexOf("[")));
    packed.push({ name, tarball: join(app, filename), files: files.map(({ path }) => path) });
  }
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
  const tarballs = packed.map(({ tarball }) => tarball);
  const flags = ["--offline", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  await run("npm", ["install", "--silent", ...flags, ...tarballs], { cwd: app });
  for (const peer of PEERS) {
    mkdirSync(join(app, "node_modules", peer, ".."), { recursive: true });
    symlinkSync(join(WIDGET, "node_modules", peer), join(app, "node_modules", peer));
  }
});

/** Runs a module in the application's folder. */
async function inApp(text) {
  writeFileSync(join(app, "run.mjs"), text);
  return (await run(process.execPath, ["run.mjs"], { cwd: app })).stdout.trim();
}

test("the packages hold what they need and nothing else", () => {
  for (const { name, files } of packed) {
    const modules = name === "@spigot/widget" ? ["package/index.d.ts", "package/index.js", "package/types.d.ts"] : ["package/index.d.ts", "package/index.js"];
    assert.deepEqual(files.filter((path) => path !== "README.md").sort(), ["package.json", ...modules], name);
    const { version, dependencies = {} } = JSON.parse(readFileSync(join(app, "node_modules", name, "package.json"), "utf8"));
    assert.deepEqual(dependencies, name === "@spigot/widget" ? {} : { "@spigot/widget": version }, name);
  }
});

test("imported where there is no page, as on a server: nothing happens until it is asked for", async () => {
  const said = await inApp(`
    const names = [];
    for (const name of ${JSON.stringify(Object.keys(PACKAGES))}) names.push(...Object.keys(await import(name)));
    console.log(names.join(" "));
  `);
  assert.equal(said, "install SpigotChallenge SpigotChallenge");
});

test("only the entry is exported", async () => {
  const said = await inApp(`
    for (const name of ${JSON.stringify(Object.keys(PACKAGES))})
      await import(name + "/package/index.js").catch(({ code }) => console.log(code));
  `);
  assert.deepEqual(said.split("\n"), Array(3).fill("ERR_PACKAGE_PATH_NOT_EXPORTED"));
});

test("React and Vue render it", async () => {
  const said = await inApp(`
    import { createElement } from "react";
    import { renderToString } from "react-dom/server";
    import { createSSRApp, h } from "vue";
    import { renderToString as renderVue } from "vue/server-renderer";
    import * as react from "@spigot/react";
    import * as vue from "@spigot/vue";
    console.log(renderToString(createElement(react.SpigotChallenge, { siteKey: "k", className: "place" })));
    console.log(await renderVue(createSSRApp({ render: () => h(vue.SpigotChallenge, { siteKey: "k", class: "place" }) })));
  `);
  assert.deepEqual(said.split("\n"), ['<div class="place"></div>', '<div class="place"></div>']);
});

for (const [module, moduleResolution] of [["nodenext", "nodenext"], ["esnext", "bundler"]]) {
  test(`types, by ${moduleResolution}`, async () => {
    writeFileSync(join(app, "app.ts"), `
      import { install, type ErrorCode, type Spigot } from "@spigot/widget";
      import { SpigotChallenge, type SpigotChallengeHandle } from "@spigot/react";
      import { SpigotChallenge as VueChallenge } from "@spigot/vue";
      import { createElement, createRef } from "react";
      import { h } from "vue";

      const spigot: Spigot = install({ base: "/.spigot/widget/" });
      const id: string = spigot.render("#place", {
        "site-key": "k",
        appearance: "always",
        callback: (token) => token.length,
        "error-callback": (code: ErrorCode) => code,
      });
      export const token: Promise<string> = spigot.execute(id);
      const ref = createRef<SpigotChallengeHandle>();
      export const inReact = createElement(SpigotChallenge, { siteKey: "k", ref, onToken: (token: string) => void token });
      export const inVue = h(VueChallenge, { siteKey: "k" });
      // @ts-expect-error: no such mode
      spigot.render("#place", { "site-key": "k", mode: "loud" });
      // @ts-expect-error: without a site key
      createElement(SpigotChallenge, {});
    `);
    const options = { module, moduleResolution, target: "es2022", strict: true, noEmit: true, types: [], lib: ["es2022", "dom"] };
    writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...options, skipLibCheck: moduleResolution === "bundler" }, files: ["app.ts"] }));
    const { stdout = "" } = await run(process.execPath, ["node_modules/typescript/bin/tsc"], { cwd: app }).catch((failed) => failed);
    // What other people's declarations lack is theirs.
    assert.deepEqual(stdout.split("\n").filter((line) => /error/.test(line) && !/node_modules\/(?!@spigot)/.test(line)), []);
  });
}
