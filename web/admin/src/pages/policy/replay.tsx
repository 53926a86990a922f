import { useEffect, useState } from "preact/hooks";
import { api, type Draft, type ReplayResult, type ReplayState } from "../../client.js";
import { useAction } from "../../components/action.js";
import { Button } from "../../components/button.js";
import { Select } from "../../components/field.js";
import { Section } from "../../components/parts.js";
import { Empty, Notice, Wrong, said } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { problemOf } from "../../load.js";
import { maybe, number, words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("policy");
const DAYS = ["1", "3", "7", "14", "30"] as const;
const LOOK_MILLIS = 700;

/** What the draft would have done to the requests of the last days, beside the policy in force. */
export function ReplayView({ draft, may }: { draft: Draft; may: boolean }) {
  const [days, setDays] = useState<(typeof DAYS)[number]>("3");
  const [replay, setReplay] = useState<ReplayState>();
  const { busy, problem, run } = useAction();
  useEffect(() => {
    if (!replay?.is_running) return undefined;
    const timer = setTimeout(() => {
      api.policy.replayState(String(replay.number)).then(setReplay, (error: unknown) => {
        const why = problemOf(error);
        // One look that fails is followed by the next; of a replay that is gone there is nothing to see.
        setReplay(why.status === 404 ? { ...replay, is_running: false, problem: said(why) } : { ...replay });
      });
    }, LOOK_MILLIS);
    return () => clearTimeout(timer);
  }, [replay]);
  return (
    <Section title={t("view_replay")} lead={t("replay_lead")}>
      <div class="actions">
        <Select label={t("replay_days")} value={days} options={DAYS.map((one) => [one, t("days", { count: Number(one) })] as const)} onChange={setDays} />
        <Button kind="primary" disabled={!may || draft.problems.length > 0 || replay?.is_running === true} busy={busy} onClick={() => void run(async () => setReplay(await api.policy.replay({ text: draft.text, days: Number(days) })))}>
          {t("replay_start")}
        </Button>
        {replay?.is_running && <Button onClick={() => void run(() => api.policy.stopReplay(String(replay.number)))}>{t("replay_stop")}</Button>}
      </div>
      <p role="status">{replay?.is_running && t("replay_running", { count: replay.events })}</p>
      <Wrong problem={problem} />
      {replay?.problem && <Notice kind="danger"><span lang="en">{replay.problem}</span></Notice>}
      {replay?.result && <Result result={replay.result} />}
    </Section>
  );
}

function Result({ result }: { result: ReplayResult }) {
  if (result.requests === 0) return <Empty title={t("replay_nothing")} />;
  const pair = ([before = 0, after = 0]: number[]): string => (before === after ? number(before) : `${number(before)} → ${number(after)}`);
  return (
    <>
      <Notice kind={result.different === 0 ? "ok" : "info"}>
        {t("replay_said", { requests: result.requests, different: result.different, newly: result.newly_stopped, longer: result.no_longer_stopped, clients: result.clients_different })}
      </Notice>
      {result.examples.some((one) => one.before === "standing" || one.after === "standing") && <p class="quiet">{t("replay_standing")}</p>}
      <h3>{t("replay_routes")}</h3>
      <Table
        caption={t("replay_routes")}
        rows={result.routes}
        rowKey={(route) => route.route}
        columns={[
          { key: "route", name: t("route"), cell: (route) => <strong>{route.route}</strong> },
          { key: "requests", name: t("replay_requests"), number: true, cell: (route) => pair(route.requests) },
          { key: "challenged", name: t("replay_challenged"), number: true, cell: (route) => pair(route.challenged) },
          { key: "refused", name: t("replay_refused"), number: true, cell: (route) => pair(route.refused) },
        ]}
      />
      {result.examples.length > 0 && (
        <>
          <h3>{t("replay_examples")}</h3>
          <Table
            caption={t("replay_examples")}
            rows={result.examples}
            rowKey={(one) => `${one.address} ${one.route} ${one.before} ${one.after}`}
            columns={[
              { key: "address", name: t("replay_who"), cell: (one) => <code>{one.address}</code> },
              { key: "route", name: t("route"), cell: (one) => one.route },
              { key: "change", name: t("replay_change"), cell: (one) => `${treated(one.before)} → ${treated(one.after)}` },
              { key: "requests", name: t("replay_requests"), number: true, cell: (one) => number(one.requests) },
              { key: "why", name: t("replay_why"), cell: (one) => (one.by_after.length > 0 ? one.by_after : one.by_before).join(", ") },
            ]}
          />
        </>
      )}
    </>
  );
}

/** How a request was treated, in words. */
function treated(treatment: string): string {
  return maybe(`shell.action_${treatment}`) ?? treatment;
}
