// What authors of pages and applications may use, as TypeScript declares it: the packages' own declarations, kept in the
// tree, so that a change of them is seen.

import ts from "typescript";

const HERE = new URL(".", import.meta.url);

/** What each package's entry declares, with the types that it passes on; beside the package's sources. */
const REPORTS = new Map([
  ["api.d.ts", ["src/types.ts", "src/index.ts"]],
  ["../react/api.d.ts", ["../react/src/index.ts"]],
  ["../vue/api.d.ts", ["../vue/src/index.ts"]],
]);

/** The reports, by the file that each is kept in. */
export function apiReports() {
  const report = (paths) => paths.map((path) => `// ${path.replace(/^.*(?=src\/)/, "")}\n${declarations(path)}`).join("\n");
  return new Map([...REPORTS].map(([file, paths]) => [file, report(paths)]));
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
