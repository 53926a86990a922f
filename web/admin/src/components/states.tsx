// What a view shows when there is nothing to show: not yet, not at all, or because something does not work.

import type { ComponentChildren } from "preact";
import type { Problem } from "../call.js";
import type { Loaded } from "../load.js";
import type en from "../shell/en.json";
import { words } from "../text.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

const t = words<typeof en>("shell");

export function Loading() {
  return (
    <p class="state" role="status">
      <span class="spinner" aria-hidden="true" />
      {t("loading")}
    </p>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state empty">
      <p class="state-title">{title}</p>
      {children}
    </div>
  );
}

export function Failed({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  return (
    <div class="state failed" role="alert">
      <p class="state-title">
        <Icon name="danger" />
        {t("failed")}
      </p>
      <p lang={langOf(problem)}>{said(problem)}</p>
      {onRetry && <Button onClick={onRetry}>{t("retry")}</Button>}
    </div>
  );
}

/** Why something was not done, beside what was to be done. */
export function Wrong({ problem }: { problem: Problem | undefined }) {
  if (!problem) return null;
  return (
    <p class="notice danger" role="alert">
      <Icon name="danger" />
      <span lang={langOf(problem)}>{said(problem)}</span>
    </p>
  );
}

export function Notice({ kind = "info", children }: { kind?: "info" | "warning" | "danger" | "ok"; children: ComponentChildren }) {
  return (
    <div class={`notice ${kind}`}>
      <Icon name={kind} />
      <div>{children}</div>
    </div>
  );
}

/** The server's sentences are English in every language of the panel; a screen reader has to know. */
export function langOf({ code, detail }: Problem): "en" | undefined {
  return code === "unreachable" || code === "of_the_panel" || detail === "" ? undefined : "en";
}

export function said(problem: Problem): string {
  if (problem.code === "unreachable" || problem.detail === "") return problem.code === "unreachable" ? t("unreachable") : t("failed");
  // The command line's sentences stand behind a colon.
  return problem.detail.charAt(0).toUpperCase() + problem.detail.slice(1);
}

interface ReadyProps<T> {
  loaded: Loaded<T>;
  onRetry: () => void;
  children: (value: T) => ComponentChildren;
}

/** The three states of something that is fetched. */
export function Ready<T>({ loaded, onRetry, children }: ReadyProps<T>) {
  switch (loaded.state) {
    case "loading":
      return <Loading />;
    case "failed":
      return <Failed problem={loaded.problem} onRetry={onRetry} />;
    case "ready":
      return (
        <>
          {loaded.stale && <Notice kind="warning">{t("stale", { why: said(loaded.stale) })}</Notice>}
          {children(loaded.value)}
        </>
      );
  }
}
