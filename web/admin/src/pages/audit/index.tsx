// The audit log, a page at a time.

import { useState } from "preact/hooks";
import { api, type AuditShown } from "../../client.js";
import { useAction } from "../../components/action.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { PageHead, Section, When } from "../../components/parts.js";
import { Empty, Notice, Ready, Wrong } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { useLoad } from "../../load.js";
import { number, words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("audit");

export function AuditPage() {
  const [before, setBefore] = useState<number>();
  const [loaded, reload] = useLoad((signal) => api.audit.list({ before }, signal), [before]);
  const [opened, setOpened] = useState<AuditShown>();
  return (
    <>
      <PageHead title={t("title")} lead={t("lead")} />
      <ChainCheck />
      <Section title={t("title")}>
        <Ready loaded={loaded} onRetry={reload}>
          {({ entries, next }) =>
            entries.length === 0 ? (
              <Empty title={t("empty")} />
            ) : (
              <>
                <Entries entries={entries} onOpen={setOpened} />
                {next && <Button onClick={() => setBefore(next)}>{t("more")}</Button>}
              </>
            )
          }
        </Ready>
      </Section>
      {opened && (
        <Dialog title={`${opened.what} ${opened.about}`} onClose={() => setOpened(undefined)}>
          <pre>{JSON.stringify(opened.detail, null, 2)}</pre>
          <p class="quiet code secret">{opened.digest}</p>
        </Dialog>
      )}
    </>
  );
}

function Entries({ entries, onOpen }: { entries: AuditShown[]; onOpen: (entry: AuditShown) => void }) {
  return (
    <Table
      caption={t("title")}
      rows={entries}
      rowKey={(entry) => String(entry.number)}
      onOpen={onOpen}
      columns={[
        { key: "number", name: t("column_number"), cell: (entry) => number(entry.number) },
        { key: "time", name: t("column_time"), cell: (entry) => <When time={entry.time} /> },
        { key: "who", name: t("column_who"), cell: (entry) => entry.who },
        { key: "what", name: t("column_what"), cell: (entry) => <code>{entry.what}</code> },
        { key: "about", name: t("column_about"), cell: (entry) => <span class="clip">{entry.about}</span> },
      ]}
    />
  );
}

function ChainCheck() {
  const { busy, problem, run } = useAction();
  const [said, setSaid] = useState<{ ok: boolean; text: string }>();
  async function check(): Promise<void> {
    const { entries, wrong } = await api.audit.check();
    setSaid(wrong ? { ok: false, text: t("wrong", { number: wrong }) } : { ok: true, text: t("fits", { count: entries ?? 0 }) });
  }
  return (
    <div class="actions">
      <Button busy={busy} onClick={() => void run(check)}>
        {t("check")}
      </Button>
      <div role="status">{said && <Notice kind={said.ok ? "ok" : "danger"}>{said.text}</Notice>}</div>
      <Wrong problem={problem} />
    </div>
  );
}
