import { useState } from "preact/hooks";
import { api, type ForcedEndpoint } from "../../client.js";
import { act, useAction } from "../../components/action.js";
import { EndField, endOf, inAnHour } from "../../components/end.js";
import { TextField, Toggle } from "../../components/field.js";
import { Section, When } from "../../components/parts.js";
import { Notice, Ready, Wrong } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { useLoad } from "../../load.js";
import { useMay } from "../../session.js";
import { words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("captcha");
const shared = words<typeof import("../../shell/en.json")>("shell");

export function ForcedSection() {
  const [forced, reload] = useLoad((signal) => api.forced.list(signal), [], 10_000);
  const may = useMay("steer");
  return (
    <Section title={t("forced")} lead={t("forced_lead")}>
      {may && <ForceForm onDone={reload} />}
      <Ready loaded={forced} onRetry={reload}>
        {({ forced }) => (forced.length === 0 ? <p class="quiet">{t("forced_none")}</p> : <ForcedTable forced={forced} may={may} onDone={reload} />)}
      </Ready>
    </Section>
  );
}

function ForceForm({ onDone }: { onDone: () => void }) {
  const [endpoint, setEndpoint] = useState("");
  const [reason, setReason] = useState("");
  const [end, setEnd] = useState(inAnHour);
  const { busy, problem, run } = useAction();
  function enable(): void {
    void run(() => api.forced.put({ endpoint, reason, until: endOf(end) })).then((done) => {
      if (!done) return;
      setEndpoint("");
      setReason("");
      onDone();
    });
  }
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        enable();
      }}
    >
      <div class="columns wide">
        <TextField label={t("endpoint")} help={t("endpoint_help")} value={endpoint} onInput={setEndpoint} placeholder="POST /signup" required code />
        <TextField label={t("reason")} help={t("reason_help")} value={reason} onInput={setReason} required />
        <EndField end={end} onChange={setEnd} endless />
      </div>
      <Notice kind="warning">{t("warning")}</Notice>
      <Wrong problem={problem} />
      <Toggle label={t("toggle")} checked={false} disabled={busy || endpoint.trim() === "" || reason.trim() === ""} onChange={enable} />
    </form>
  );
}

function ForcedTable({ forced, may, onDone }: { forced: ForcedEndpoint[]; may: boolean; onDone: () => void }) {
  return (
    <Table
      caption={t("forced")}
      rows={forced}
      rowKey={(one) => one.key}
      columns={[
        { key: "endpoint", name: t("column_endpoint"), cell: (one) => <code>{`${one.host ?? ""} ${one.endpoint}`.trim()}</code> },
        {
          key: "who",
          name: t("column_who"),
          cell: (one) => (
            <>
              {one.reason} <span class="quiet">{shared("author", { name: one.author })}</span>
            </>
          ),
        },
        { key: "until", name: t("column_until"), cell: (one) => <When time={one.until} none={shared("no_end")} /> },
        ...(may
          ? [
              {
                key: "stop",
                name: t("toggle"),
                cell: (one: ForcedEndpoint) => (
                  <Toggle label={t("stop")} checked onChange={() => void act(api.forced.remove(one.key, String(one.version)), t("stopped"), onDone)} />
                ),
              },
            ]
          : []),
      ]}
    />
  );
}
