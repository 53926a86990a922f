// One decision as a whole: what was seen, what each reason gave, how far the risk was from what it would have taken.

import type { EventRecord, Shown } from "../client.js";
import { address } from "../route.js";
import { moment, number, words } from "../text.js";
import type en from "../pages/activity/en.json";
import { Action, Badge } from "./parts.js";
import { Table } from "./table.js";

const t = words<typeof en>("activity");

export function Decision({ shown, storyFirst = false }: { shown: Shown; storyFirst?: boolean }) {
  const { event } = shown;
  const story = (
    <section>
      <h3>{t("story")}</h3>
      <pre class="story" lang="en">{shown.story}</pre>
    </section>
  );
  return (
    <>
      <p class="actions">
        <Action name={event.action ?? ""} />
        {event.effective !== event.action && <Badge tone="off">{t("monitored")}</Badge>}
        {shown.is_of_older_policy && <Badge tone="info">{t("older_policy")}</Badge>}
        {shown.marked && <Badge tone="info">{t(shown.marked.about === "person" ? "marked_person" : "marked_bot")}</Badge>}
      </p>
      {storyFirst && story}
      <Facts shown={shown} />
      <section>
        <h3>{t("risk")}</h3>
        <Risk event={event} />
      </section>
      <section>
        <h3>{t("reasons")}</h3>
        {(event.reasons ?? []).length === 0 ? (
          <p class="quiet">{t("reasons_none")}</p>
        ) : (
          <Table
            caption={t("reasons")}
            rows={(event.reasons ?? []).map((reason, index) => ({ ...reason, index }))}
            rowKey={({ index }) => String(index)}
            columns={[
              { key: "name", name: t("reason"), cell: ({ name }) => <code>{name}</code> },
              { key: "kind", name: t("reason_kind"), cell: ({ kind }) => kind },
              { key: "gave", name: t("reason_gave"), cell: ({ gave }) => <span lang="en">{gave}</span> },
              { key: "evidence", name: t("reason_evidence"), cell: ({ evidence }) => evidence ?? "–" },
            ]}
          />
        )}
      </section>
      {!storyFirst && story}
    </>
  );
}

function Facts({ shown }: { shown: Shown }) {
  const { event } = shown;
  const prints = event.fingerprints ?? {};
  const challenge = event.challenge;
  const facts: Array<[string, string | number | null | undefined, string?]> = [
    [t("id"), event.id],
    [t("time"), event.time ? moment(event.time, { dateStyle: "medium", timeStyle: "medium" }) : ""],
    [t("request"), `${event.method} ${event.host}${event.path}`],
    [t("route"), event.route, address("activity", [], { route: event.route })],
    [t("client"), event.client, address("activity", [], { ip: event.client })],
    [t("network"), event.network ? `AS${event.network}` : null, address("activity", [], { network: event.network ? String(event.network) : undefined })],
    [t("country"), event.country, address("activity", [], { country: event.country ?? undefined })],
    [t("device"), event.device],
    [t("user_agent"), event.user_agent],
    [t("sender"), event.sender],
    [t("fingerprint_tls"), prints.tls, address("activity", [], { fingerprint: prints.tls ?? undefined })],
    [t("fingerprint_http2"), prints.http2],
    [t("fingerprint_header"), prints.header, address("activity", [], { fingerprint: prints.header ?? undefined })],
    [t("account"), event.account, address("activity", [], { account: event.account ?? undefined })],
    [t("clearance"), event.clearance ?? t("clearance_none")],
    [t("challenge"), challenge ? `${challenge.kind} ${challenge.result}${challenge.solve_millis ? `, ${number(challenge.solve_millis / 1000, { maximumFractionDigits: 1 })} s` : ""}` : null],
    ["X-Captcha-Reason", shown.captcha_reason],
    [t("upstream"), event.upstream_status],
    [t("added"), `${number(event.added_micros ?? 0)} µs`],
    [t("revision"), event.revision],
  ];
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([name, value, href]) => (
          <>
            <dt key={`${name} name`}>{name}</dt>
            <dd key={name}>{href ? <a href={href}>{value}</a> : value}</dd>
          </>
        ))}
    </dl>
  );
}

/** The risk between nothing and a hundred, with where something would have been done. */
function Risk({ event }: { event: EventRecord }) {
  const risk = event.risk ?? 0;
  const thresholds = (["log", "challenge", "block"] as const).map((name) => ({ name, from: event.thresholds?.[name] ?? 101 })).filter(({ from }) => from <= 100);
  const words = thresholds.map(({ name, from }) => t(`from_${name}`, { from })).join(", ");
  return (
    <div class="risk">
      <svg viewBox="0 0 400 48" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" x="0" y="14" width="400" height="16" />
        <rect class="value" x="0" y="14" width={risk * 4} height="16" />
        {thresholds.map(({ name, from }) => (
          <line key={name} x1={from * 4} x2={from * 4} y1="8" y2="36" />
        ))}
      </svg>
      <p>
        {t("risk_is", { risk })} {words && t("risk_steps", { steps: words })}
      </p>
    </div>
  );
}
