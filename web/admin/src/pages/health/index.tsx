// Whether Spigot itself is well, and what to do where it is not.

import { api, type Health, type Node } from "../../client.js";
import { Badge, PageHead, Section, When } from "../../components/parts.js";
import { Empty, Notice, Ready } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { useLoad } from "../../load.js";
import { number, words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("health");
/** Of these files; a browser may still show those of before an update. Written in by the build. */
declare const PANEL_VERSION: string;
const AGAIN_MILLIS = 5_000;
/** Older answers than this of a list's source are worth a look. */
const LIST_OLD_MILLIS = 3 * 86_400_000;
/** Time enough to find out why a renewal does not work. */
const CERTIFICATE_ENDS_MILLIS = 14 * 86_400_000;

export function HealthPage() {
  const [health, reload] = useLoad((signal) => api.health.show(signal), [], AGAIN_MILLIS);
  return (
    <>
      <PageHead title={t("title")} lead={t("lead")} />
      <Ready loaded={health} onRetry={reload}>
        {(health) => (
          <>
            {health.nodes.map((node) => (
              <NodeSection key={node.name} node={node} />
            ))}
            <Stores health={health} />
            <Lists health={health} />
            <Certificates health={health} />
            <Reports health={health} />
            <Section title={t("versions")}>
              <dl class="facts">
                <dt>{t("version_server")}</dt>
                <dd>{health.version}</dd>
                <dt>{t("version_panel")}</dt>
                <dd>
                  {PANEL_VERSION} {PANEL_VERSION !== health.version && <Badge tone="warning">{t("version_differs")}</Badge>}
                </dd>
                <dt>{t("revision")}</dt>
                <dd>
                  <code>{health.revision}</code>
                </dd>
              </dl>
            </Section>
          </>
        )}
      </Ready>
    </>
  );
}

function NodeSection({ node }: { node: Node }) {
  const figures: Array<[string, string, string]> = [
    [t("written"), number(node.events_written), t("written_help")],
    [t("waiting"), number(node.events_waiting), t("waiting_help")],
    [t("dropped"), number(node.events_dropped), t("dropped_help")],
    [t("counters"), bytes(node.counter_bytes), t("evictions", { count: node.counter_evictions })],
    [t("spends"), number(node.spends_percent / 100, { style: "percent" }), t("spends_help")],
  ];
  return (
    <Section title={t("node", { name: node.name || "Spigot" })}>
      <p class="actions">
        {node.events_dropped > 0 ? <Badge tone="danger">{t("state_dropped")}</Badge> : node.last_error ? <Badge tone="warning">{t("state_failing")}</Badge> : <Badge tone="ok">{t("state_well")}</Badge>}
        <span class="quiet">
          {t("running_since")} <When time={new Date(node.started_millis).toISOString()} />
        </span>
      </p>
      {node.last_error && <Notice kind="danger">
          <span lang="en">{node.last_error}</span>
        </Notice>}
      <dl class="figures">
        {figures.map(([name, value, more]) => (
          <div class="figure" key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
            <dd>{more}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

function Stores({ health }: { health: Health }) {
  return (
    <Section title={t("stores")}>
      <Table
        caption={t("stores")}
        rows={health.stores}
        rowKey={(store) => store.name}
        columns={[
          { key: "name", name: t("file"), cell: (store) => <code>{store.name}</code> },
          { key: "bytes", name: t("size"), number: true, cell: (store) => bytes(store.bytes) },
          { key: "changed", name: t("changed"), cell: (store) => <When time={store.changed_millis ? new Date(store.changed_millis).toISOString() : null} /> },
        ]}
      />
    </Section>
  );
}

function Lists({ health }: { health: Health }) {
  const lists = health.nodes.flatMap((node) => node.lists);
  return (
    <Section title={t("lists")}>
      {lists.length === 0 ? (
        <Empty title={t("lists_none")} />
      ) : (
        <Table
          caption={t("lists")}
          rows={lists}
          rowKey={(list) => list.name}
          columns={[
            { key: "name", name: t("list"), cell: (list) => list.name },
            { key: "entries", name: t("entries"), number: true, cell: (list) => number(list.entries) },
            { key: "asked", name: t("asked"), cell: (list) => <When time={list.asked_millis ? new Date(list.asked_millis).toISOString() : null} /> },
            {
              key: "state",
              name: t("state"),
              cell: (list) =>
                list.failed ? (
                  <Badge tone="danger">
                    <span lang="en">{list.failed}</span>
                  </Badge>
                ) : list.asked_millis && health.now_millis - list.asked_millis > LIST_OLD_MILLIS ? <Badge tone="warning">{t("state_old")}</Badge> : <Badge tone="ok">{t("state_fresh")}</Badge>,
            },
          ]}
        />
      )}
    </Section>
  );
}

function Certificates({ health }: { health: Health }) {
  const certificates = health.nodes.flatMap((node) => node.certificates);
  return (
    <Section title={t("certificates")}>
      {certificates.length === 0 ? (
        <Empty title={t("certificates_none")} />
      ) : (
        <Table
          caption={t("certificates")}
          rows={certificates}
          rowKey={(one) => one.file}
          columns={[
            { key: "file", name: t("file"), cell: (one) => <code>{one.file}</code> },
            { key: "ends", name: t("ends"), cell: (one) => <When time={one.ends_millis ? new Date(one.ends_millis).toISOString() : null} /> },
            { key: "state", name: t("state"), cell: (one) => certificateState(one.ends_millis, health.now_millis) },
          ]}
        />
      )}
    </Section>
  );
}

/** How the weekly review goes out. */
function Reports({ health }: { health: Health }) {
  const reports = health.nodes.flatMap((node) => node.reports);
  const when = (millis: number | null | undefined) => <When time={millis ? new Date(millis).toISOString() : null} />;
  return (
    <Section title={t("reports")}>
      {reports.length === 0 ? (
        <Empty title={t("reports_none")} />
      ) : (
        <Table
          caption={t("reports")}
          rows={reports}
          rowKey={(one) => one.way}
          columns={[
            { key: "way", name: t("way"), cell: (one) => t(one.way === "mail" ? "way_mail" : "way_hook") },
            { key: "to", name: t("to"), cell: (one) => <code>{one.to}</code> },
            { key: "sent", name: t("sent"), cell: (one) => when(one.sent_millis) },
            { key: "next", name: t("next"), cell: (one) => when(one.next_millis) },
            {
              key: "state",
              name: t("state"),
              cell: (one) =>
                one.failed ? (
                  <>
                    <Badge tone="danger">{t("attempts", { count: one.attempts })}</Badge> <span lang="en">{one.failed}</span>
                  </>
                ) : (
                  <Badge tone="ok">{t("state_well")}</Badge>
                ),
            },
          ]}
        />
      )}
    </Section>
  );
}

function certificateState(ends: number | null | undefined, now: number) {
  if (ends === null || ends === undefined) return <Badge tone="warning">{t("end_unknown")}</Badge>;
  if (ends <= now) return <Badge tone="danger">{t("ended")}</Badge>;
  return ends - now < CERTIFICATE_ENDS_MILLIS ? <Badge tone="warning">{t("ends_soon")}</Badge> : <Badge tone="ok">{t("ends_later")}</Badge>;
}

function bytes(value: number): string {
  const [unit, by] = value >= 1 << 30 ? (["gigabyte", 1 << 30] as const) : value >= 1 << 20 ? (["megabyte", 1 << 20] as const) : (["kilobyte", 1 << 10] as const);
  return number(value / by, { style: "unit", unit, maximumFractionDigits: 1 });
}
