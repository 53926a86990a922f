// What happened, and what changed meanwhile.

import { api, type Figures, type Group, type Mark, type Overview, type Range } from "../../client.js";
import { Chart } from "../../components/chart.js";
import { Select } from "../../components/field.js";
import { PageHead, Section, Tabs } from "../../components/parts.js";
import { Empty, Notice, Ready } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { useLoad } from "../../load.js";
import { address, replace, useRoute } from "../../route.js";
import { currentLanguage, moment, number, words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("overview");
const RANGES: readonly Range[] = ["hour", "day", "week", "month", "year"];
const GROUPS = ["routes", "countries", "devices", "reasons"] as const;
/** Minutes pass, and so does what is shown. */
const AGAIN_MILLIS = 30_000;

export function OverviewPage() {
  const { search } = useRoute();
  const range = RANGES.find((one) => one === search.get("range")) ?? "day";
  const route = search.get("route") ?? "";
  const [loaded, reload] = useLoad((signal) => api.overview.show({ range, route: route || null }, signal), [range, route], AGAIN_MILLIS);
  return (
    <>
      <PageHead title={t("title")} lead={t("lead")} />
      <Tabs label={t("range")} current={range} tabs={RANGES.map((name) => ({ name, text: t(`range_${name}`), href: address("overview", [], { range: name, route, by: search.get("by") ?? undefined }) }))} />
      <Ready loaded={loaded} onRetry={reload}>
        {(overview) => <Everything overview={overview} range={range} route={route} by={search.get("by") ?? ""} />}
      </Ready>
    </>
  );
}

function Everything({ overview, range, route, by }: { overview: Overview; range: Range; route: string; by: string }) {
  const { total, before } = overview;
  const group = GROUPS.find((one) => one === by) ?? "routes";
  if (total.requests === 0 && before.requests === 0 && route === "") {
    return (
      <Empty title={t("nothing")}>
        <p>{t("nothing_help")}</p>
      </Empty>
    );
  }
  const times = allTimes(overview);
  const figures = byTime(overview, times);
  const line = (name: string, of: (one: Figures) => number) => ({ name, values: figures.map((one) => (one ? of(one) : 0)) });
  const marks = overview.marks.map((mark, index) => ({ time: mark.time_millis, sign: String(index + 1), tone: mark.kind === "spike" ? ("danger" as const) : ("info" as const) }));
  const chart = { times, stepMinutes: overview.step_minutes, marks };
  return (
    <>
      <div class="filters">
        <Select label={t("route")} value={route} options={[["", t("route_all")], ...overview.routes.map((one) => [one.key, one.key] as const)]} onChange={(value) => replace("overview", [], { range, route: value, by })} />
      </div>
      <Numbers total={total} before={before} />
      <Section title={t("over_time")}>
        <div class="charts">
          <Chart {...chart} title={t("chart_requests")} series={[line(t("requests"), (one) => one.requests)]} />
          <Chart {...chart} title={t("chart_actions")} series={[line(t("throttled"), (one) => one.throttled), line(t("challenged"), (one) => one.challenged), line(t("blocked"), (one) => one.blocked), line(t("shadowed"), (one) => one.shadowed)]} />
          <Chart {...chart} title={t("chart_of_requests")} unit=" %" series={[line(t("challenged"), (one) => percent(one.challenged, one.requests)), line(t("blocked"), (one) => percent(one.blocked, one.requests))]} />
          <Chart {...chart} title={t("chart_challenges")} series={[line(t("issued"), (one) => one.issued), line(t("solved"), (one) => one.solved), line(t("failed"), (one) => one.failed), line(t("abandoned"), (one) => one.abandoned)]} />
          <Chart
            {...chart}
            title={t("chart_of_challenges")}
            unit=" %"
            series={[line(t("solved"), (one) => percent(one.solved, one.issued)), line(t("failed"), (one) => percent(one.failed, one.failed + one.solved)), line(t("abandoned"), (one) => percent(one.abandoned, one.issued))]}
          />
          <Chart {...chart} title={t("chart_added")} unit=" µs" series={[line(t("added_p50"), (one) => one.added_p50_micros ?? 0), line(t("added_p99"), (one) => one.added_p99_micros ?? 0)]} />
        </div>
      </Section>
      <Section title={t("marks")} lead={t("marks_lead")}>
        <Marks marks={overview.marks} />
      </Section>
      <Section title={t("by")}>
        <Tabs label={t("by")} current={group} tabs={GROUPS.map((name) => ({ name, text: t(name), href: address("overview", [], { range, route, by: name }) }))} />
        {route !== "" && group !== "routes" && <Notice>{t("by_all_routes")}</Notice>}
        <Groups kind={group} groups={overview[group]} />
      </Section>
    </>
  );
}

function Numbers({ total, before }: { total: Figures; before: Figures }) {
  const shown: Array<[string, string, string]> = [
    [t("requests"), number(total.requests), change(total.requests, before.requests)],
    [t("challenged"), share(total.challenged, total.requests), change(rate(total.challenged, total.requests), rate(before.challenged, before.requests))],
    [t("blocked"), share(total.blocked, total.requests), change(rate(total.blocked, total.requests), rate(before.blocked, before.requests))],
    [t("solved"), share(total.solved, total.issued), t("of_issued", { count: total.issued })],
    [t("failed"), share(total.failed, total.failed + total.solved), t("of_submissions", { count: total.failed + total.solved })],
    [t("abandoned"), share(total.abandoned, total.issued), t("of_issued", { count: total.issued })],
    [t("added"), micros(total.added_p50_micros), t("added_p99_is", { time: micros(total.added_p99_micros) })],
  ];
  return (
    <dl class="figures">
      {shown.map(([name, value, more]) => (
        <div class="figure" key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
          <dd>{more}</dd>
        </div>
      ))}
    </dl>
  );
}

function Marks({ marks }: { marks: readonly Mark[] }) {
  if (marks.length === 0) return <Empty title={t("marks_none")} />;
  return (
    <ol class="marks">
      {marks.map((mark, index) => (
        <li key={`${mark.time_millis} ${mark.kind} ${mark.about}`}>
          <span class="mark-sign">{index + 1}</span>
          <span>
            {said(mark)} <span class="quiet">{moment(new Date(mark.time_millis).toISOString())}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}

function said(mark: Mark): string {
  if (mark.kind === "spike") return t("mark_spike", { unwanted: mark.unwanted ?? 0, mean: mark.mean ?? 0 });
  const text = t(mark.is_end ? `mark_${mark.kind}_end` as "mark_list_end" : `mark_${mark.kind}`, { about: mark.about });
  const noted = mark.note ? t("mark_note", { what: text, note: mark.note }) : text;
  return mark.author ? t("mark_by", { what: noted, author: mark.author }) : noted;
}

function Groups({ kind, groups }: { kind: (typeof GROUPS)[number]; groups: readonly Group[] }) {
  if (groups.length === 0) return <Empty title={t("nothing")} />;
  const most = Math.max(1, ...groups.map((group) => group.figures.requests));
  const filter = { routes: "route", countries: "country", devices: "device", reasons: "reason" }[kind];
  return (
    <Table
      caption={t(kind)}
      rows={groups}
      rowKey={(group) => group.key}
      columns={[
        { key: "key", name: t(`${kind}_one`), cell: ({ key }) => (key === "unknown" || key === "others" ? t(key) : <a href={address("activity", [], { [filter]: key })}>{named(kind, key)}</a>) },
        {
          key: "requests",
          name: t("requests"),
          number: true,
          cell: ({ figures }) => (
            <span class="one-line">
              <span class="share" aria-hidden="true">
                <span style={{ width: `${(100 * figures.requests) / most}%` }} />
              </span>
              {number(figures.requests)}
            </span>
          ),
        },
        { key: "challenged", name: t("challenged"), number: true, cell: ({ figures }) => share(figures.challenged, figures.requests) },
        { key: "blocked", name: t("blocked"), number: true, cell: ({ figures }) => share(figures.blocked, figures.requests) },
        { key: "solved", name: t("solved"), number: true, cell: ({ figures }) => share(figures.solved, figures.issued) },
        { key: "failed", name: t("failed"), number: true, cell: ({ figures }) => share(figures.failed, figures.failed + figures.solved) },
        { key: "abandoned", name: t("abandoned"), number: true, cell: ({ figures }) => share(figures.abandoned, figures.issued) },
        { key: "added", name: t("added_p99"), number: true, cell: ({ figures }) => micros(figures.added_p99_micros) },
      ]}
    />
  );
}

/** Every step of the time, also those in which nothing happened. */
function allTimes({ since_millis, until_millis, step_minutes }: Overview): number[] {
  const step = step_minutes * 60_000;
  const times: number[] = [];
  for (let time = Math.floor(since_millis / step) * step; time <= until_millis; time += step) times.push(time);
  return times;
}

function byTime(overview: Overview, times: readonly number[]): Array<Figures | undefined> {
  const known = new Map(overview.steps.map((step) => [step.start_millis, step.figures]));
  return times.map((time) => known.get(time));
}

function rate(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Of a hundred, as a chart draws it; more than all is what was issued a step earlier. */
function percent(part: number, whole: number): number {
  return Math.min(100, Math.round(rate(part, whole) * 1_000) / 10);
}

function share(part: number, whole: number): string {
  return whole === 0 ? "–" : number(part / whole, { style: "percent", maximumFractionDigits: 1 });
}

/** Against the same length of time before. */
function change(now: number, before: number): string {
  if (before === 0) return t("before_none");
  return t("before", { change: number(now / before - 1, { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" }) });
}

function micros(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return value < 10_000 ? `${number(value)} µs` : `${number(value / 1000, { maximumFractionDigits: 1 })} ms`;
}

function named(kind: (typeof GROUPS)[number], key: string): string {
  if (kind !== "countries") return key;
  try {
    return `${new Intl.DisplayNames(currentLanguage(), { type: "region" }).of(key) ?? key} (${key})`;
  } catch {
    return key;
  }
}

