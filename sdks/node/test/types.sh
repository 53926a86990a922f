#!/usr/bin/env bash
# The package's types as an application in TypeScript meets them; and that they name exactly what the package has.
set -euo pipefail
cd "$(dirname "$0")/types"
[ -x node_modules/.bin/tsc ] || npm ci --no-audit --no-fund --silent
node_modules/.bin/tsc --project .
node --input-type=module --eval '
  import * as everything from "@spigot/server"
  import { readFileSync } from "node:fs"
  const line = readFileSync("usage.ts", "utf8").split("\n").find((line) => line.startsWith("export const names"))
  const declared = line.match(/= \{ (.*) \}/)[1].split(", ")
  if (Object.keys(everything).sort().join() !== declared.sort().join()) throw new Error("the package has " + Object.keys(everything))
'
