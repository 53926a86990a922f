// Exceptions and events.

import { useState } from "preact/hooks";
import { api, type ExceptionShown } from "../../client.js";
import { FormDialog } from "../../components/action.js";
import { Button } from "../../components/button.js";
import { Badge, PageHead, Section, When } from "../../components/parts.js";
import { Empty, Ready } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { toast } from "../../components/toast.js";
import { useLoad } from "../../load.js";
import { useMay } from "../../session.js";
import { number, words } from "../../text.js";
import type en from "./en.json";
import { ExceptionDialog } from "./form.js";

const t = words<typeof en>("exceptions");
const shared = words<typeof import("../../shell/en.json")>("shell");

type Open = { kind: "make"; exception?: ExceptionShown } | { kind: "remove"; exception: ExceptionShown };

export function ExceptionsPage() {
  const [loaded, reload] = useLoad((signal) => api.exceptions.list(signal), [], 15_000);
  const [open, setOpen] = useState<Open>();
  const [mayMake, maySteer] = [useMay("help"), useMay("steer")];
  const close = (): void => {
    setOpen(undefined);
    reload();
  };
  return (
    <>
      <PageHead title={t("title")} lead={t("lead")}>
        {mayMake && (
          <Button kind="primary" icon="add" onClick={() => setOpen({ kind: "make" })}>
            {t("add")}
          </Button>
        )}
      </PageHead>
      <Section title={t("title")}>
        <Ready loaded={loaded} onRetry={reload}>
          {({ exceptions, routes }) => (
            <>
              {exceptions.length === 0 ? <Empty title={t("empty")}>{t("empty_help")}</Empty> : <Exceptions exceptions={exceptions} may={maySteer} onOpen={setOpen} />}
              {open?.kind === "make" && <ExceptionDialog exception={open.exception} routes={routes} onClose={close} />}
            </>
          )}
        </Ready>
      </Section>
      {open?.kind === "remove" && <RemoveDialog exception={open.exception} onClose={close} />}
    </>
  );
}

function Exceptions({ exceptions, may, onOpen }: { exceptions: ExceptionShown[]; may: boolean; onOpen: (open: Open) => void }) {
  return (
    <Table
      caption={t("title")}
      rows={exceptions}
      rowKey={(one) => one.key ?? `policy ${one.name}`}
      columns={[
        {
          key: "name",
          name: t("name"),
          cell: (one) => (
            <>
              <strong>{one.name}</strong> {one.is_on ? <Badge tone="ok">{t("on")}</Badge> : <Badge tone="info">{t("coming")}</Badge>}
            </>
          ),
        },
        {
          key: "when",
          name: t("column_when"),
          cell: (one) => (
            <>
              <When time={one.start} /> – <When time={one.end} />
            </>
          ),
        },
        { key: "what", name: t("column_what"), cell: (one) => (one.times ? t("times_usual", { times: number(one.times, { maximumFractionDigits: 3 }) }) : t("passes")) },
        { key: "who", name: t("column_who"), cell: (one) => (one.subject ? <code>{one.subject}</code> : shared("everybody")) },
        { key: "where", name: t("column_where"), cell: (one) => (one.routes.length > 0 ? one.routes.join(", ") : t("all_routes")) },
        { key: "why", name: t("column_why"), cell: (one) => `${one.reason} ${one.author ? shared("author", { name: one.author }) : ""}` },
        ...(may
          ? [
              {
                key: "do",
                name: shared("change"),
                cell: (one: ExceptionShown) =>
                  one.key ? (
                    <div class="actions">
                      <Button onClick={() => onOpen({ kind: "make", exception: one })}>{shared("change")}</Button>
                      <Button onClick={() => onOpen({ kind: "remove", exception: one })}>{t("remove")}</Button>
                    </div>
                  ) : (
                    <span class="quiet">{t("from_policy")}</span>
                  ),
              },
            ]
          : []),
      ]}
    />
  );
}

function RemoveDialog({ exception, onClose }: { exception: ExceptionShown; onClose: () => void }) {
  const remove = (): Promise<void> => api.exceptions.remove(exception.key ?? "", String(exception.version)).then(() => toast(t("removed")));
  return (
    <FormDialog title={t("remove")} submit={t("remove")} danger onClose={onClose} onSubmit={remove}>
      <p>{t("removing", { name: exception.name })}</p>
    </FormDialog>
  );
}
