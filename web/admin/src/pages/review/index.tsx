// A week in one page: who came again and again, whom it asked in vain, which rules earn nothing, what is new.

import { useEffect, useState } from "preact/hooks";
import type { Problem } from "../../call.js";
import { api, type Cluster, type Cohort, type Proposals, type Review, type Subject } from "../../client.js";
import { Button } from "../../components/button.js";
import { Badge, PageHead, Section } from "../../components/parts.js";
import { Empty, Ready, Wrong } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { problemOf, useLoad } from "../../load.js";
import { address } from "../../route.js";
import { maybe, moment, number, words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("review");
/** Asked on as long as one waits; who asks no more has stopped it. */
const WAIT_MILLIS = 1_000;

export function ReviewPage() {
  const [waiting, setWaiting] = useState(false);
  const [loaded, reload] = useLoad((signal) => api.review.show({}, signal), []);
  const [working, setWorking] = useState<{ read: number; fraction: number }>();
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    if (!waiting) return undefined;
    let begun = false;
    setProblem(undefined);
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      const { working } = await api.review.show({ fresh: !begun }, abort.signal);
      if (abort.signal.aborted) return;
      setWorking(working ?? undefined);
      // One that was over before the first answer has no progress.
      if (begun && !working) {
        setWaiting(false);
        reload();
      }
      begun = true;
    };
    const again = (): void =>
      void ask().catch((error: unknown) => {
        if (abort.signal.aborted) return;
        setProblem(problemOf(error));
        setWaiting(false);
      });
    again();
    const timer = setInterval(again, WAIT_MILLIS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [waiting]);
  return (
    <>
      <PageHead title={t("title")} lead={t("lead")}>
        {waiting ? (
          <span class="progress" role="status">
            <progress value={working?.fraction ?? 0} aria-label={t("working")} />
            <span class="quiet">{t("read", { count: working?.read ?? 0 })}</span>
            <Button onClick={() => setWaiting(false)}>{t("stop")}</Button>
          </span>
        ) : (
          <Button kind="primary" onClick={() => setWaiting(true)}>
            {t("make")}
          </Button>
        )}
        <Button onClick={() => print()}>{t("print")}</Button>
      </PageHead>
      <Wrong problem={problem} />
      <Ready loaded={loaded} onRetry={reload}>
        {({ review }) =>
          review ? (
            <Week review={review} />
          ) : (
            <Empty title={t("none")}>
              <p>{t("none_help")}</p>
            </Empty>
          )
        }
      </Ready>
    </>
  );
}

function Week({ review }: { review: Review }) {
  const day = (millis: number): string => moment(new Date(millis).toISOString());
  return (
    <>
      <p class="lead">{t("week", { since: day(review.since_millis), until: day(review.until_millis), count: review.events })}</p>
      <Section title={t("cohorts")} lead={t("cohorts_lead")}>
        <Table
          caption={t("cohorts")}
          rows={review.cohorts}
          rowKey={(cohort) => cohort.name}
          columns={[
            { key: "name", name: t("cohort"), cell: ({ name }) => maybe(`review.cohort_${name}`) ?? name },
            { key: "events", name: t("requests"), number: true, cell: ({ events }) => number(events) },
            { key: "challenged", name: t("challenged"), number: true, cell: (cohort) => <Challenged cohort={cohort} /> },
            { key: "blocked", name: t("blocked"), number: true, cell: ({ blocked, events }) => share(blocked, events) },
          ]}
        />
      </Section>
      <Section title={t("rules")} lead={t("rules_lead")}>
        {review.rules.length === 0 ? (
          <Empty title={t("nothing")} />
        ) : (
          <Table
            caption={t("rules")}
            rows={review.rules}
            rowKey={(rule) => rule.name}
            columns={[
              { key: "name", name: t("reason"), cell: ({ name }) => <a href={address("activity", [], { reason: name })}>{name}</a> },
              { key: "asked", name: t("asked"), number: true, cell: ({ asked }) => number(asked) },
              { key: "solved", name: t("solved"), number: true, cell: ({ solved, asked }) => share(solved, asked) },
              { key: "verdict", name: t("verdict"), cell: ({ earns_nothing }) => (earns_nothing ? <Badge tone="warning">{t("earns_nothing")}</Badge> : "–") },
            ]}
          />
        )}
      </Section>
      <Section title={t("false_positives")} lead={t("false_positives_lead")}>
        {review.false_positives.length === 0 ? (
          <Empty title={t("nothing")} />
        ) : (
          <Table
            caption={t("false_positives")}
            rows={review.false_positives}
            rowKey={(one) => one.decision}
            columns={[
              { key: "decision", name: t("decision"), cell: ({ decision }) => <a class="code" href={address("support", [decision])}>{decision}</a> },
              { key: "time", name: t("time"), cell: ({ time_millis }) => <span class="one-line">{day(time_millis)}</span> },
              { key: "route", name: t("route"), cell: ({ route }) => route },
              { key: "reasons", name: t("reason"), cell: ({ reasons }) => reasons.join(", ") },
              { key: "sign", name: t("sign"), cell: ({ sign }) => maybe(`review.sign_${sign}`) ?? sign },
            ]}
          />
        )}
      </Section>
      <Section title={t("proposals")} lead={t("proposals_lead")}>
        <Proposed proposals={review.proposals} />
      </Section>
      <Section title={t("offenders")} lead={t("offenders_lead")}>
        <Subjects caption={t("offenders")} subjects={review.offenders} />
      </Section>
      <Section title={t("patterns")} lead={t("patterns_lead")}>
        <Subjects caption={t("patterns")} subjects={review.patterns} />
      </Section>
      <Section title={t("clusters")} lead={t("clusters_lead")}>
        <Clusters clusters={review.clusters ?? []} />
      </Section>
    </>
  );
}

/** Nobody should be asked at the first visit: that is a verdict, whatever the share. */
function Challenged({ cohort: { name, challenged, events } }: { cohort: Cohort }) {
  const verdict = challenged > 0 ? <Badge tone="warning">{t("first_asked")}</Badge> : <Badge tone="ok">{t("first_free")}</Badge>;
  return (
    <>
      {share(challenged, events)} {name === "first_visits" && events > 0 && verdict}
    </>
  );
}

function Proposed({ proposals }: { proposals: Proposals }) {
  if (proposals.routes.length === 0) return <Empty title={t("nothing")} />;
  return (
    <>
      <Table
        caption={t("proposals")}
        rows={proposals.routes}
        rowKey={({ route }) => route}
        columns={[
          { key: "route", name: t("route"), cell: ({ route }) => route },
          { key: "changes", name: t("change"), cell: ({ changes }) => (changes.length === 0 ? "–" : changes.map((change) => <div key={change} lang="en">{change}</div>)) },
          { key: "note", name: t("note"), cell: ({ note }) => <span lang="en">{note}</span> },
        ]}
      />
      {proposals.lines !== "" && <pre class="story" tabIndex={0}>{proposals.lines}</pre>}
    </>
  );
}

/** What of the log has which kind of subject. */
const FILTERS: Record<string, string> = { address: "ip", network: "network", fingerprint: "fingerprint", path: "path" };

function Clusters({ clusters }: { clusters: readonly Cluster[] }) {
  if (clusters.length === 0) return <Empty title={t("nothing")} />;
  return (
    <Table
      caption={t("clusters")}
      rows={clusters}
      rowKey={({ parts }) => parts.map(({ kind, key }) => `${kind} ${key}`).join(" ")}
      columns={[
        {
          key: "parts",
          name: t("together"),
          cell: ({ parts }) => (
            <a class="cluster" href={address("activity", [], Object.fromEntries(parts.map(({ kind, key }) => [FILTERS[kind] ?? "ip", key])))}>
              {parts.map(({ kind, key }) => (
                <span key={kind}>
                  <span class="quiet">{maybe(`review.kind_${kind}`) ?? kind}</span> <span class="code">{key}</span>
                </span>
              ))}
            </a>
          ),
        },
        { key: "events", name: t("events"), number: true, cell: ({ events }) => number(events) },
      ]}
    />
  );
}

function Subjects({ caption, subjects }: { caption: string; subjects: readonly Subject[] }) {
  if (subjects.length === 0) return <Empty title={t("nothing")} />;
  return (
    <Table
      caption={caption}
      rows={subjects}
      rowKey={({ kind, key }) => `${kind} ${key}`}
      columns={[
        { key: "kind", name: t("kind"), cell: ({ kind }) => maybe(`review.kind_${kind}`) ?? kind },
        { key: "key", name: t("which"), cell: ({ kind, key }) => <a class="code" href={address("activity", [], { [FILTERS[kind] ?? "ip"]: key })}>{key}</a> },
        { key: "events", name: t("events"), number: true, cell: ({ events }) => number(events) },
      ]}
    />
  );
}

function share(part: number, whole: number): string {
  return whole === 0 ? "–" : number(part / whole, { style: "percent", maximumFractionDigits: 1 });
}
