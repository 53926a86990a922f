// Restrictions in force, by hand and automatic.

import { useState } from "preact/hooks";
import { api, type Restriction } from "../../client.js";
import { FormDialog } from "../../components/action.js";
import { Button } from "../../components/button.js";
import { EndField, endOf, inAnHour } from "../../components/end.js";
import { Select, TextField } from "../../components/field.js";
import { Action, Badge, PageHead, Section, When } from "../../components/parts.js";
import { Empty, Ready } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { toast } from "../../components/toast.js";
import { useLoad } from "../../load.js";
import { useMay } from "../../session.js";
import { words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("restrictions");
const shared = words<typeof import("../../shell/en.json")>("shell");
const ACTIONS = ["block", "throttle", "challenge", "shadow"] as const;

export function RestrictionsPage() {
  const [loaded, reload] = useLoad((signal) => api.restrictions.show(signal), [], 10_000);
  const [adding, setAdding] = useState(false);
  const [lifting, setLifting] = useState<Restriction>();
  const may = useMay("steer");
  return (
    <>
      <PageHead title={t("title")} lead={t("lead")}>
        {may && (
          <Button kind="primary" icon="add" onClick={() => setAdding(true)}>
            {t("add")}
          </Button>
        )}
      </PageHead>
      <Section title={t("title")}>
        <Ready loaded={loaded} onRetry={reload}>
          {({ restrictions, more }) =>
            restrictions.length === 0 ? (
              <Empty title={t("empty")} />
            ) : (
              <>
                <Restricted restrictions={restrictions} may={may} onLift={setLifting} />
                {more > 0 && <p class="quiet">{t("more", { count: more })}</p>}
              </>
            )
          }
        </Ready>
      </Section>
      {adding && (
        <AddDialog
          onClose={() => {
            setAdding(false);
            reload();
          }}
        />
      )}
      {lifting && (
        <LiftDialog
          subject={lifting.subject}
          onClose={() => {
            setLifting(undefined);
            reload();
          }}
        />
      )}
    </>
  );
}

function Restricted({ restrictions, may, onLift }: { restrictions: Restriction[]; may: boolean; onLift: (one: Restriction) => void }) {
  return (
    <Table
      caption={t("title")}
      rows={restrictions}
      rowKey={(one) => `${one.subject} ${one.since}`}
      columns={[
        { key: "subject", name: t("column_subject"), cell: (one) => <code>{one.subject}</code> },
        {
          key: "how",
          name: t("column_how"),
          cell: (one) => (one.action ? <Action name={one.action} /> : <Badge tone="info">{`${shared("automatic")}, ${t("step", { step: one.step ?? 0 })}`}</Badge>),
        },
        { key: "since", name: t("column_since"), cell: (one) => <When time={one.since} /> },
        { key: "until", name: t("column_until"), cell: (one) => <When time={one.until} /> },
        {
          key: "why",
          name: t("column_why"),
          cell: (one) => (one.by_hand ? `${one.reason ?? ""} ${shared("author", { name: one.author ?? "" })}` : <span class="quiet">{shared("automatic")}</span>),
        },
        ...(may ? [{ key: "lift", name: t("lift"), cell: (one: Restriction) => <Button onClick={() => onLift(one)}>{t("lift")}</Button> }] : []),
      ]}
    />
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const [subject, setSubject] = useState("");
  const [action, setAction] = useState<(typeof ACTIONS)[number]>("block");
  const [reason, setReason] = useState("");
  const [end, setEnd] = useState(inAnHour);
  const add = (): Promise<void> => api.restrictions.put({ subject, action, reason, until: endOf(end) ?? "" }).then(() => toast(t("added")));
  return (
    <FormDialog title={t("add")} submit={t("add")} onClose={onClose} onSubmit={add}>
      <TextField label={t("subject")} value={subject} onInput={setSubject} required autofocus code />
      <Select label={t("action")} value={action} options={ACTIONS.map((name) => [name, t(name)] as const)} onChange={setAction} />
      <EndField end={end} onChange={setEnd} endless={false} />
      <TextField label={t("reason")} value={reason} onInput={setReason} required />
    </FormDialog>
  );
}

function LiftDialog({ subject, onClose }: { subject: string; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const lift = (): Promise<void> => api.restrictions.lift({ subject, reason }).then(() => toast(t("lifted")));
  return (
    <FormDialog title={t("lift")} submit={t("lift")} onClose={onClose} onSubmit={lift}>
      <p>{t("lifting", { subject })}</p>
      <TextField label={t("lift_reason")} value={reason} onInput={setReason} required autofocus />
    </FormDialog>
  );
}
