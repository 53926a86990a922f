// Sums of behaviour and of the browser's consistency, sent with a submission. Which fields: docs/privacy.md.

import type { Scope } from "../scope.js";

export type Observer = () => object;

export function observe(_page: Document, _form: HTMLFormElement | undefined, _scope: Scope): Observer {
  return () => ({});
}
