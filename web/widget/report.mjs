// What a page's author may use, as TypeScript declares it: the package's own declarations, kept in the tree, so that a
// change of it is seen.

import ts from "typescript";

const HERE = new URL(".", import.meta.url);

/** The declarations of the package's entry and of the types that it passes on. */
export function apiReport() {
  return ["src/types.ts", "src/index.ts"].map((path) => `// ${path}\n${declarations(path)}`).join("\n");
}

export function declarations(path) {
  const options = {
    declaration: true,
    emitDeclarationOnly: true,
    target: ts.ScriptTarget.ES2020,
    module: ts.ModuleKind.ES2020,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    baseUrl: HERE.pathname,
    paths: { "@spigot/widget": ["src/index.ts"], react: ["node_modules/@types/react"], vue: ["node_modules/vue"] },
    skipLibCheck: true,
    types: [],
  };
  const full = new URL(path, HERE).pathname;
  let text = "";
  const program = ts.createProgram([full], options);
  program.emit(program.getSourceFile(full), (_, written) => (text += written), undefined, true);
  if (text === "") throw new Error(`${path} declares nothing`);
  return text;
}
