// Lines over time. They differ by dashes and by the name at their end, not by colour alone; what they say stands in a table
// below, too.

import { useEffect, useRef, useState } from "preact/hooks";
import type en from "../shell/en.json";
import { number, words } from "../text.js";
import { Table } from "./table.js";

const t = words<typeof en>("shell");

export interface Series {
  name: string;
  values: readonly number[];
}

export interface ChartMark {
  time: number;
  /** A number or a letter that the list below the chart explains. */
  sign: string;
  tone: "danger" | "info";
}

interface Props {
  title: string;
  times: readonly number[];
  stepMinutes: number;
  series: readonly Series[];
  marks?: readonly ChartMark[];
  unit?: string;
}

const HEIGHT = 200;
const LEFT = 52;
const TOP = 14;
const BOTTOM = 24;
const LABEL_HEIGHT = 15;
const SIGN_WIDTH = 12;
/** Width of the names at the right; on a phone they stand above instead. */
const NAMES = 104;
const NARROW = 400;

export function Chart({ title, times, stepMinutes, series, marks = [], unit = "" }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(720);
  const [at, setAt] = useState<number>();
  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(240, Math.round(entry.contentRect.width))));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const isNarrow = width < NARROW;
  const right = width - (isNarrow ? 8 : NAMES);
  const top = ceiling(Math.max(1, ...series.flatMap((one) => one.values)));
  const first = times[0] ?? 0;
  const last = times.at(-1) ?? first;
  const x = (time: number): number => (last === first ? LEFT : LEFT + ((time - first) / (last - first)) * (right - LEFT));
  const y = (value: number): number => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
  const points = (values: readonly number[]): string => values.map((value, index) => `${x(times[index] ?? first).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const nearest = (clientX: number): void => {
    const box = frame.current?.getBoundingClientRect();
    if (!box || times.length === 0) return;
    const share = (clientX - box.left - LEFT) / Math.max(1, right - LEFT);
    setAt(Math.min(times.length - 1, Math.max(0, Math.round(share * (times.length - 1)))));
  };
  const move = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    setAt((before) => Math.min(times.length - 1, Math.max(0, (before ?? times.length) + by)));
  };
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <p class="chart-reading" aria-live="polite">
          {at === undefined || times[at] === undefined
            ? isNarrow && series.length > 1
              ? series.map((one, index) => (
                  <span key={one.name} class="chart-key">
                    <svg viewBox="0 0 24 8" aria-hidden="true">
                      <line class={`line line-${index}`} x1="0" y1="4" x2="24" y2="4" />
                    </svg>
                    {one.name}
                  </span>
                ))
              : t("chart_hint")
            : `${clock(times[at], stepMinutes, true)}: ${series.map((one) => `${one.name} ${number(one.values[at] ?? 0)}${unit}`).join(", ")}`}
        </p>
      </figcaption>
      <div
        ref={frame}
        class="chart-frame"
        role="slider"
        tabIndex={0}
        aria-label={title}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, times.length - 1)}
        aria-valuenow={at ?? 0}
        aria-valuetext={at === undefined || times[at] === undefined ? t("chart_hint") : series.map((one) => `${one.name} ${number(one.values[at] ?? 0)}${unit}`).join(", ")}
        onPointerMove={(event) => nearest(event.clientX)}
        onPointerLeave={() => setAt(undefined)}
        onBlur={() => setAt(undefined)}
        onKeyDown={move}
      >
        <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true">
          {[0, 0.5, 1].map((share) => (
            <g key={share}>
              <line class="grid" x1={LEFT} x2={right} y1={y(top * share)} y2={y(top * share)} />
              <text class="tick" x={LEFT - 6} y={y(top * share) + 4} text-anchor="end">
                {number(top * share, { notation: "compact", maximumFractionDigits: 1 })}
                {unit}
              </text>
            </g>
          ))}
          {ticks(first, last, width < 640 ? 3 : 6).map((time, index, all) => (
            <text key={time} class="tick" x={x(time)} y={HEIGHT - 6} text-anchor={index === 0 ? "start" : index === all.length - 1 ? "end" : "middle"}>
              {clock(time, (last - first) / 60_000 > 2_880 ? 1_440 : stepMinutes)}
            </text>
          ))}
          {together(marks, (mark) => x(Math.min(last, Math.max(first, mark.time)))).map(({ place, sign, tone }) => (
            // One within the last step stands at its beginning, as what happened in it does.
            <g key={sign} class={`mark ${tone}`}>
              <line x1={place} x2={place} y1={TOP} y2={HEIGHT - BOTTOM} />
              <text x={place} y={TOP - 3} text-anchor={place > right - SIGN_WIDTH ? "end" : "middle"}>
                {sign}
              </text>
            </g>
          ))}
          {series.map((one, index) => (
            <polyline key={one.name} class={`line line-${index}`} points={points(one.values)} />
          ))}
          {!isNarrow &&
            spread(series.map((one) => y(one.values.at(-1) ?? 0))).map((place, index) => (
              <text key={series[index]?.name} class={`name name-${index}`} x={right + 8} y={place + 4}>
                {series[index]?.name}
              </text>
            ))}
          {at !== undefined && times[at] !== undefined && <line class="cursor" x1={x(times[at])} x2={x(times[at])} y1={TOP} y2={HEIGHT - BOTTOM} />}
        </svg>
      </div>
      <details class="chart-table">
        <summary>{t("chart_table")}</summary>
        <Table
          caption={title}
          rows={times.map((time, index) => ({ time, index })).reverse()}
          rowKey={({ time }) => String(time)}
          columns={[
            { key: "time", name: t("chart_time"), cell: ({ time }) => clock(time, stepMinutes, true) },
            ...series.map((one) => ({
              key: one.name,
              name: one.name,
              number: true,
              cell: ({ index }: { index: number }) => `${number(one.values[index] ?? 0)}${unit}`,
            })),
          ]}
        />
      </details>
    </figure>
  );
}

/** The next of 1, 2, 5 and their tens. */
function ceiling(value: number): number {
  const ten = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((one) => one * ten >= value) ?? 10;
  return Math.max(2, step * ten);
}

function ticks(first: number, last: number, count: number): number[] {
  if (last <= first) return [first];
  return Array.from({ length: count }, (_, index) => first + ((last - first) * index) / (count - 1));
}

/** A moment as short as its step allows. */
export function clock(time: number, stepMinutes: number, whole = false): string {
  const options: Intl.DateTimeFormatOptions =
    stepMinutes >= 1_440 ? { day: "numeric", month: "short" } : whole ? { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" } : { hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(document.documentElement.lang || "en", options).format(new Date(time));
}

/** Marks whose signs would stand on each other are one: "2–8". They come in the order of time. */
function together(marks: readonly ChartMark[], x: (mark: ChartMark) => number): { place: number; sign: string; tone: ChartMark["tone"] }[] {
  const groups: { place: number; marks: ChartMark[] }[] = [];
  for (const mark of marks) {
    const place = x(mark);
    const group = groups.at(-1);
    if (group && Math.abs(place - group.place) < SIGN_WIDTH) group.marks.push(mark);
    else groups.push({ place, marks: [mark] });
  }
  return groups.map(({ place, marks: [first, ...more] }) => ({
    place,
    sign: [first?.sign, more.at(-1)?.sign].filter(Boolean).join("–"),
    tone: [first, ...more].some((mark) => mark?.tone === "danger") ? "danger" : "info",
  }));
}

/** Moves names apart that would stand on each other. */
function spread(places: readonly number[]): number[] {
  const order = places.map((place, index) => ({ place, index })).sort((one, other) => one.place - other.place);
  let last = -Infinity;
  for (const one of order) {
    one.place = Math.max(one.place, last + LABEL_HEIGHT);
    last = one.place;
  }
  const over = Math.max(0, last - (HEIGHT - 8));
  const moved: number[] = [];
  for (const one of order) moved[one.index] = one.place - over;
  return moved;
}
