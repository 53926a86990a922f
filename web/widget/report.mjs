// What a page's author may use, as TypeScript declares it: the package's own declarations, kept in the tree, so that a
// change of it is seen.

import ts from "typescript";

const HERE = new URL(".", import.meta.url);

/** The declarations of the public types. */
export function apiReport() {
  const path = new URL("src/types.ts", HERE).pathname;
  const options = { declaration: true, emitDeclarationOnly: true, target: ts.ScriptTarget.ES2020, module: ts.ModuleKind.ES2020 };
  let text = "";
  const program = ts.createProgram([path], options);
  program.emit(program.getSourceFile(path), (_, written) => (text += written), undefined, true);
  return text;
}
