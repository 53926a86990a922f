import { useState } from "preact/hooks";
import { api, type Draft, type VersionText } from "../../client.js";
import { act } from "../../components/action.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { Badge, Section, When } from "../../components/parts.js";
import { Empty, Ready } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { useLoad } from "../../load.js";
import { go } from "../../route.js";
import { number, words } from "../../text.js";
import { Difference } from "./difference.js";
import type en from "./en.json";

const t = words<typeof en>("policy");

/** The texts until now. Rolling back takes one as the draft, which is looked at and published like any other. */
export function HistoryView({ draft, may, onTake }: { draft: Draft; may: boolean; onTake: (text: string) => void }) {
  const [loaded, reload] = useLoad((signal) => api.policy.versions(signal), []);
  const [opened, setOpened] = useState<VersionText>();
  const show = (at: number): void => void act(api.policy.version(String(at)).then(setOpened), t("history_opened"));
  return (
    <Section title={t("view_history")} lead={t("history_lead")}>
      <Ready loaded={loaded} onRetry={reload}>
        {({ versions }) =>
          versions.length === 0 ? (
            <Empty title={t("history_none")} />
          ) : (
            <Table
              caption={t("view_history")}
              rows={versions}
              rowKey={(version) => String(version.number)}
              columns={[
                { key: "number", name: t("history_number"), cell: (version) => number(version.number) },
                { key: "time", name: t("history_time"), cell: (version) => <When time={version.time} /> },
                { key: "author", name: t("history_author"), cell: (version) => version.author },
                { key: "note", name: t("note"), cell: (version) => (version.is_current ? <Badge tone="ok">{version.note || t("is_published")}</Badge> : version.note) },
                { key: "do", name: t("history_compare"), cell: (version) => <Button onClick={() => show(version.number)}>{t("history_compare")}</Button> },
              ]}
            />
          )
        }
      </Ready>
      {opened && (
        <Dialog title={t("history_title", { number: opened.number })} side onClose={() => setOpened(undefined)}>
          <Difference before={draft.text} after={opened.text} />
          {may && (
            <div class="actions">
              <Button
                kind="primary"
                onClick={() => {
                  onTake(opened.text);
                  setOpened(undefined);
                  go("policy", ["publish"]);
                }}
              >
                {t("history_take")}
              </Button>
            </div>
          )}
        </Dialog>
      )}
    </Section>
  );
}
