// What a page is given to solve, as the server words it.

/** A puzzle. Difficulty and kind are the server's; a page only says what it understands. */
export type Puzzle = {
  /** The signed challenge and its MAC, base64url. */
  readonly challenge: string;
} & (
  | { readonly kind: "cachewalk"; readonly log2_n: number; readonly grind: number; readonly open: number }
  | { readonly kind: "pbkdf2"; readonly log2_n: number; readonly grind: number; readonly open: number }
  | { readonly kind: "sha256"; readonly bits: number }
);

/** What computes a puzzle's leaves. */
export type Kernel = "wasm" | "js" | "webcrypto";

const PARAMETERS: Readonly<Record<string, readonly string[] | undefined>> = {
  __proto__: null as never,
  cachewalk: ["log2_n", "grind", "open"],
  pbkdf2: ["log2_n", "grind", "open"],
  sha256: ["bits"],
};

/** True for a kind and parameters that are known here. */
export function isPuzzle(value: unknown): value is Puzzle {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Record<string, unknown>;
  const asks = PARAMETERS[String(fields["kind"])];
  return (
    asks !== undefined &&
    asks.every((name) => typeof fields[name] === "number") &&
    typeof fields["challenge"] === "string"
  );
}

/** RFC 4648, section 5, with or without padding. */
export function fromBase64Url(text: string): Uint8Array {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/").replace(/=+$/, ""));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

/** RFC 4648, section 5, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
