// The names of members that only their own class uses, so that the build may shorten them.

import { readFileSync, readdirSync } from "node:fs";
import ts from "typescript";

/** Those of all classes in the given folders, without such as anything else in them has, too: options, messages, fields of
 * the protocol, whatever is named in quotes. Names of the browser's own are the minifier's to know. */
export function privateNames(folders) {
  const own = new Set();
  const shared = new Set();
  const visit = (node) => {
    if (ts.isStringLiteralLike(node)) shared.add(node.text);
    else if (node.name !== undefined && isMember(node)) (isPrivate(node) ? own : shared).add(node.name.text);
    ts.forEachChild(node, visit);
  };
  for (const url of folders.flatMap(sources)) visit(ts.createSourceFile(url.pathname, readFileSync(url, "utf8"), ts.ScriptTarget.Latest));
  return [...own].filter((name) => !shared.has(name)).sort();
}

function sources(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"));
  return names.map((name) => new URL(name, folder));
}

function isMember(node) {
  return (
    ts.isClassElement(node) ||
    ts.isTypeElement(node) ||
    ts.isObjectLiteralElement(node) ||
    ts.isBindingElement(node) ||
    (ts.isParameter(node) && modifiers(node).length > 0)
  );
}

function isPrivate(node) {
  return modifiers(node).includes(ts.SyntaxKind.PrivateKeyword);
}

function modifiers(node) {
  return (ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : []).map(({ kind }) => kind);
}
