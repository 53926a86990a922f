// What was done, said once at the edge of the page and by screen readers.

import { useEffect, useState } from "preact/hooks";
import type { Problem } from "../call.js";
import { Icon } from "./icon.js";
import { langOf, said } from "./states.js";

interface Toast {
  id: number;
  kind: "ok" | "danger";
  text: string;
  lang: "en" | undefined;
}

/** How long one stays; problems stay until the next page, because they may have to be read twice. */
const STAYS_MILLIS = 6000;
const TOASTS_MAX = 3;

let next = 0;
let show: (toast: Toast) => void = () => {};

export function toast(text: string): void {
  show({ id: next++, kind: "ok", text, lang: undefined });
}

/** Why something was not done. */
export function toastProblem(problem: Problem): void {
  show({ id: next++, kind: "danger", text: said(problem), lang: langOf(problem) });
}

export function Toasts() {
  const [toasts, setToasts] = useState<Toast[]>([]);
  useEffect(() => {
    show = (toast) => {
      setToasts((before) => [...before, toast].slice(-TOASTS_MAX));
      setTimeout(() => setToasts((before) => before.filter((one) => one.id !== toast.id)), STAYS_MILLIS);
    };
    return () => void (show = () => {});
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.map((toast) => (
        <p key={toast.id} class={`toast ${toast.kind}`}>
          <Icon name={toast.kind === "ok" ? "ok" : "danger"} />
          <span lang={toast.lang}>{toast.text}</span>
        </p>
      ))}
    </div>
  );
}
