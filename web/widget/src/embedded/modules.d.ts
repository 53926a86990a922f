// What build.mjs puts in the place of these names.

declare module "embedded:languages" {
  const languages: Readonly<Record<string, typeof import("../../languages/en.json")>>;
  export default languages;
}

declare module "embedded:wasm" {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}

declare module "embedded:worker" {
  const text: string;
  export default text;
}
