// When something ends: after a while that is chosen, at a moment, or not by itself.

import type en from "../shell/en.json";
import { words } from "../text.js";
import { Select, TextField } from "./field.js";

const t = words<typeof en>("shell");

const HOUR = 3_600_000;
const SPANS = { "1h": HOUR, "4h": 4 * HOUR, "1d": 24 * HOUR, "7d": 7 * 24 * HOUR, "30d": 30 * 24 * HOUR } as const;
type Span = keyof typeof SPANS | "at" | "none";

export interface End {
  span: Span;
  /** Local time, as a field for times gives it. */
  at: string;
}

export const inAnHour: End = { span: "1h", at: "" };

/** As the API takes it. */
export function endOf(end: End): string | null {
  if (end.span === "none") return null;
  if (end.span === "at") return end.at ? utc(end.at) : "";
  return new Date(Date.now() + SPANS[end.span]).toISOString();
}

/** What a field for local times gives, in UTC. */
export function utc(local: string): string {
  return new Date(local).toISOString();
}

/** A moment of the API, as a field for local times takes it. */
export function local(time: string): string {
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function EndField({ end, onChange, endless }: { end: End; onChange: (end: End) => void; endless: boolean }) {
  const spans: Span[] = ["1h", "4h", "1d", "7d", "30d", "at", ...(endless ? (["none"] as const) : [])];
  return (
    <>
      <Select label={t("until")} value={end.span} options={spans.map((span) => [span, t(`span_${span}`)] as const)} onChange={(span) => onChange({ ...end, span })} />
      {end.span === "at" && <TextField label={t("span_at")} type="datetime-local" value={end.at} onInput={(at) => onChange({ ...end, at })} required />}
    </>
  );
}
