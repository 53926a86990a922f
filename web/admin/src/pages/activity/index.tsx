// The log: searched in pieces that say how far they are, followed live, exported, and each row opened to its whole decision.

import { useEffect, useRef, useState } from "preact/hooks";
import { api, type EventRecord } from "../../client.js";
import type { Problem } from "../../call.js";
import { Button } from "../../components/button.js";
import { Decision } from "../../components/decision.js";
import { Dialog } from "../../components/dialog.js";
import { Select, TextField, Toggle } from "../../components/field.js";
import { Action, PageHead } from "../../components/parts.js";
import { Empty, Failed, Loading, Notice, Ready } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { problemOf, useLoad } from "../../load.js";
import { address, replace, useRoute } from "../../route.js";
import { maybe, moment, number, words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("activity");

/** What the log is asked by; the names of the API. */
const FILTERS = ["ip", "route", "reason", "action", "network", "country", "device", "path", "account", "fingerprint", "id"] as const;
const ACTIONS = ["", "allow", "log", "throttle", "challenge", "shadow", "block"] as const;
const SINCE = ["", "1", "24", "168", "720", "between"] as const;
/** The classes that the server tells apart. */
const DEVICES = ["", "desktop", "phone", "tablet", "bot"] as const;
type Filters = Partial<Record<(typeof FILTERS)[number], string>>;

const PAGE = 50;
/** How many a page keeps while it is followed: older ones are found by searching. */
const KEPT_MAX = 500;
const FOLLOW_MILLIS = 2_000;
const TYPED_MILLIS = 400;

export function ActivityPage() {
  const { search } = useRoute();
  const text = search.toString();
  const filters: Filters = Object.fromEntries(FILTERS.map((name) => [name, search.get(name) ?? ""]).filter(([, value]) => value));
  const hours = SINCE.find((one) => one === search.get("hours")) ?? "";
  const [live, setLive] = useState(false);
  const [opened, setOpened] = useState<string>();
  const period = periodOf(hours, search.get("from") ?? "", search.get("to") ?? "");
  const found = useSearch(filters, period, text);
  const is_behind = useFollow(live, filters, text, found.prepend);
  const set = (name: string, value: string): void => replace("activity", [], { ...filters, hours, from: search.get("from") ?? undefined, to: search.get("to") ?? undefined, [name]: value.trim() || undefined });
  const exported = (format: "csv" | "jsonl"): string => api.events.export({ ...filters, ...period(), format });
  return (
    <>
      <PageHead title={t("title")} lead={t("lead")}>
        <Toggle label={t("live")} checked={live} onChange={setLive} />
        <a class="button plain" href={exported("csv")} download>
          {t("export_csv")}
        </a>
        <a class="button plain" href={exported("jsonl")} download>
          {t("export_jsonl")}
        </a>
      </PageHead>
      <form class="filters" role="search" aria-label={t("title")} onSubmit={(event) => event.preventDefault()}>
        <Typed label={t("client")} value={filters.ip ?? ""} placeholder="192.0.2.0/24" onChange={(value) => set("ip", value)} />
        <Typed label={t("route")} value={filters.route ?? ""} onChange={(value) => set("route", value)} />
        <Typed label={t("reason")} value={filters.reason ?? ""} placeholder="high_frequency" onChange={(value) => set("reason", value)} />
        <Select label={t("action")} value={ACTIONS.find((one) => one === filters.action) ?? ""} options={ACTIONS.map((name) => [name, name ? (maybe(`shell.action_${name}`) ?? name) : t("any")] as const)} onChange={(value) => set("action", value)} />
        <Select label={t("time")} value={hours} options={SINCE.map((name) => [name, t(name ? `since_${name}` as "since_1" : "any")] as const)} onChange={(value) => set("hours", value)} />
        {hours === "between" && (
          <>
            <TextField label={t("from")} type="datetime-local" value={search.get("from") ?? ""} onInput={(value) => set("from", value)} />
            <TextField label={t("to")} type="datetime-local" value={search.get("to") ?? ""} onInput={(value) => set("to", value)} />
          </>
        )}
        <Typed label={t("network")} value={filters.network ?? ""} placeholder="AS64500" onChange={(value) => set("network", value)} />
        <Typed label={t("country")} value={filters.country ?? ""} placeholder="DE" onChange={(value) => set("country", value)} />
        <Select label={t("device")} value={filters.device ?? ""} options={[...new Set([...DEVICES, filters.device ?? ""])].map((name) => [name, name || t("any")] as const)} onChange={(value) => set("device", value)} />
        <Typed label={t("path")} value={filters.path ?? ""} placeholder="/login" onChange={(value) => set("path", value)} />
        <Typed label={t("fingerprint")} value={filters.fingerprint ?? ""} onChange={(value) => set("fingerprint", value)} />
        <Typed label={t("account")} value={filters.account ?? ""} onChange={(value) => set("account", value)} />
        <Typed label={t("id")} value={filters.id ?? ""} onChange={(value) => set("id", value)} />
      </form>
      <Progress found={found} />
      {live && is_behind && <Notice kind="warning">{t("behind", { count: KEPT_MAX })}</Notice>}
      {found.problem ? (
        <Failed problem={found.problem} onRetry={found.again} />
      ) : found.events.length === 0 ? (
        found.state === "looking" ? (
          <Loading />
        ) : (
          <Empty title={t("none")}>
            <p>{t(text ? "none_help" : "none_yet")}</p>
          </Empty>
        )
      ) : (
        <Rows events={found.events} onOpen={setOpened} />
      )}
      {opened && <Opened id={opened} onClose={() => setOpened(undefined)} />}
    </>
  );
}

/** Asked for once the typing pauses. */
function Typed({ label, value, placeholder, onChange }: { label: string; value: string; placeholder?: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed.trim() === value) return undefined;
    const timer = setTimeout(() => latest.current(typed), TYPED_MILLIS);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return <TextField label={label} value={typed} onInput={setTyped} code {...(placeholder ? { placeholder } : {})} />;
}

function Rows({ events, onOpen }: { events: readonly EventRecord[]; onOpen: (id: string) => void }) {
  return (
    <Table
      caption={t("title")}
      rows={events}
      rowKey={(event) => event.id ?? ""}
      onOpen={(event) => onOpen(event.id ?? "")}
      columns={[
        { key: "time", name: t("time"), cell: (event) => <span class="one-line">{moment(event.time ?? "", { dateStyle: "short", timeStyle: "medium" })}</span> },
        { key: "action", name: t("action"), cell: (event) => <Action name={event.action ?? ""} /> },
        { key: "risk", name: t("risk"), number: true, cell: (event) => event.risk },
        { key: "client", name: t("client"), cell: (event) => <code>{event.client}</code> },
        { key: "country", name: t("country"), cell: (event) => event.country ?? "–" },
        { key: "route", name: t("route"), cell: (event) => event.route },
        { key: "path", name: t("request"), cell: (event) => <span class="clip code" title={event.path}>{`${event.method} ${event.path}`}</span> },
        { key: "reasons", name: t("reasons"), cell: (event) => (event.reasons ?? []).map((reason) => reason.name).join(", ") || (event.challenge ? `${event.challenge.kind} ${event.challenge.result}` : "–") },
      ]}
    />
  );
}

function Opened({ id, onClose }: { id: string; onClose: () => void }) {
  const [shown, reload] = useLoad((signal) => api.events.show(id, signal), [id]);
  return (
    <Dialog title={t("decision")} onClose={onClose} side>
      <Ready loaded={shown} onRetry={reload}>
        {(shown) => (
          <>
            <p>
              <a href={address("support", [id])}>{t("to_support")}</a>
            </p>
            <Decision shown={shown} />
          </>
        )}
      </Ready>
    </Dialog>
  );
}

interface Found {
  events: EventRecord[];
  state: "looking" | "stopped" | "more" | "done";
  fraction: number;
  looked: number;
  problem?: Problem | undefined;
  again: () => void;
  stop: () => void;
  more: () => void;
  prepend: (events: EventRecord[]) => void;
}

/** From when to when; asked for at the moment of asking, because some hours back is another time then. */
type Period = () => { since_millis?: number; until_millis?: number };

function periodOf(hours: string, from: string, to: string): Period {
  const at = (name: string, local: string) => (local && !Number.isNaN(Date.parse(local)) ? { [name]: Date.parse(local) } : {});
  if (hours === "between") return () => ({ ...at("since_millis", from), ...at("until_millis", to) });
  return () => (hours ? { since_millis: Date.now() - Number(hours) * 3_600_000 } : {});
}

/** Asks piece by piece until a page is full, and shows what there is meanwhile. */
function useSearch(filters: Filters, period: Period, text: string): Found {
  const [events, setEvents] = useState<EventRecord[]>([]);
  const [state, setState] = useState<Found["state"]>("looking");
  const [far, setFar] = useState({ fraction: 0, looked: 0 });
  const [problem, setProblem] = useState<Problem>();
  const [turn, setTurn] = useState(0);
  const place = useRef<{ after: string | null; until: number | null }>({ after: null, until: null });
  const running = useRef<AbortController>(undefined);
  const look = async (fresh: boolean): Promise<void> => {
    running.current?.abort();
    const abort = (running.current = new AbortController());
    if (fresh) {
      place.current = { after: null, until: null };
      setEvents([]);
      setFar({ fraction: 0, looked: 0 });
    }
    setProblem(undefined);
    setState("looking");
    let left = PAGE;
    try {
      while (left > 0) {
        const { since_millis, until_millis } = period();
        const found = await api.events.search({ ...filters, since_millis: since_millis ?? null, until_millis: place.current.until ?? until_millis ?? null, after: place.current.after, limit: left }, abort.signal);
        if (abort.signal.aborted) return;
        place.current = { after: found.next || null, until: found.until_millis };
        left -= found.events.length;
        setEvents((before) => [...before, ...found.events]);
        setFar((before) => ({ fraction: found.fraction, looked: before.looked + found.read + found.passed }));
        if (found.done) return setState("done");
      }
      setState("more");
    } catch (error) {
      if (!abort.signal.aborted) {
        setProblem(problemOf(error));
        setState("stopped");
      }
    }
  };
  useEffect(() => {
    void look(true);
    return () => running.current?.abort();
  }, [text, turn]);
  return {
    events,
    state,
    ...far,
    problem,
    again: () => setTurn((count) => count + 1),
    stop: () => {
      running.current?.abort();
      setState("stopped");
    },
    more: () => void look(false),
    prepend: (fresh) =>
      setEvents((before) => {
        const known = new Set(before.map((event) => event.id));
        return [...fresh.filter((event) => !known.has(event.id)).reverse(), ...before].slice(0, KEPT_MAX);
      }),
  };
}

function useFollow(live: boolean, filters: Filters, text: string, prepend: (events: EventRecord[]) => void): boolean {
  const latest = useRef(prepend);
  latest.current = prepend;
  const [is_behind, setBehind] = useState(false);
  useEffect(() => {
    setBehind(false);
    if (!live) return undefined;
    let place: string | null = null;
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      if (document.visibilityState !== "visible") return;
      const newer = await api.events.newer({ ...filters, after: place, limit: KEPT_MAX }, abort.signal).catch(() => undefined);
      if (!newer || abort.signal.aborted) return;
      place = newer.place || null;
      // More came than a page holds, or than was looked through in a moment: the newest of it is shown.
      if (newer.is_cut) setBehind(true);
      if (newer.events.length > 0) latest.current(newer.events);
    };
    void ask();
    const timer = setInterval(() => void ask(), FOLLOW_MILLIS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [live, text]);
  return is_behind;
}

function Progress({ found }: { found: Found }) {
  const looked = t("looked", { count: found.looked });
  return (
    <div class="progress" role="status">
      {found.state === "looking" && found.looked > 0 && (
        <>
          <progress value={found.fraction} aria-label={t("looking")} />
          <Button onClick={found.stop}>{t("stop")}</Button>
        </>
      )}
      <span class="quiet">
        {t("found", { count: found.events.length })} {looked} {found.state === "stopped" ? t("stopped", { percent: number(found.fraction, { style: "percent" }) }) : ""}
      </span>
      {(found.state === "more" || found.state === "stopped") && !found.problem && <Button onClick={found.more}>{t(found.state === "more" ? "more" : "go_on")}</Button>}
    </div>
  );
}
