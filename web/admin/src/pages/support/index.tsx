// For whoever has a visitor on the phone: the id that their page shows, the story in words, and what can be done about it.

import { useState } from "preact/hooks";
import type { Problem } from "../../call.js";
import { api, type Shown } from "../../client.js";
import { Button } from "../../components/button.js";
import { Decision } from "../../components/decision.js";
import { Select, TextField } from "../../components/field.js";
import { PageHead, Section } from "../../components/parts.js";
import { Empty, Notice, Ready, Wrong } from "../../components/states.js";
import { toast } from "../../components/toast.js";
import { problemOf, useLoad } from "../../load.js";
import { go, useRoute } from "../../route.js";
import { useMay } from "../../session.js";
import { moment, words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("support");
const HOURS = ["1", "4", "24", "72", "168"] as const;

export function SupportPage() {
  const { parts } = useRoute();
  const id = parts[0] ?? "";
  const [typed, setTyped] = useState(id);
  return (
    <>
      <PageHead title={t("title")} lead={t("lead")} />
      <form
        class="form narrow"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed.trim()) go("support", [typed.trim()]);
        }}
      >
        <TextField label={t("id")} help={t("id_help")} value={typed} onInput={setTyped} required autofocus code />
        <Button type="submit" kind="primary">
          {t("show")}
        </Button>
      </form>
      {id ? <Story key={id} id={id} /> : <Empty title={t("none")}><p>{t("none_help")}</p></Empty>}
    </>
  );
}

function Story({ id }: { id: string }) {
  const [shown, reload] = useLoad((signal) => api.events.show(id, signal), [id]);
  const mayHelp = useMay("help");
  return (
    <Ready loaded={shown} onRetry={reload}>
      {(shown) => (
        <>
          <Section title={t("decision", { id: shown.event.id ?? "" })}>
            <Decision shown={shown} storyFirst />
          </Section>
          {mayHelp && <MarkIt shown={shown} onDone={reload} />}
          {mayHelp && <LetIn shown={shown} />}
        </>
      )}
    </Ready>
  );
}

function MarkIt({ shown, onDone }: { shown: Shown; onDone: () => void }) {
  const [note, setNote] = useState(shown.marked?.note ?? "");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function mark(about: "person" | "bot"): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      await api.support.mark({ decision: shown.event.id ?? "", about, note });
      toast(t("marked"));
      onDone();
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  }
  return (
    <Section title={t("mark")} lead={t("mark_lead")}>
      <div class="form narrow">
        <TextField label={t("note")} value={note} onInput={setNote} />
        <Wrong problem={problem} />
        <div class="actions">
          <Button kind="primary" busy={busy} onClick={() => void mark("person")}>
            {t("mark_person")}
          </Button>
          <Button busy={busy} onClick={() => void mark("bot")}>
            {t("mark_bot")}
          </Button>
        </div>
      </div>
    </Section>
  );
}

function LetIn({ shown }: { shown: Shown }) {
  const [hours, setHours] = useState<(typeof HOURS)[number]>("4");
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<string>();
  const { client = "", route = "" } = shown.event;
  async function except(): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      const made = await api.support.except({ decision: shown.event.id ?? "", hours: Number(hours), reason });
      setDone(t("excepted", { client: made.client, route: made.route, until: moment(new Date(made.until_millis).toISOString()) }));
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  }
  return (
    <Section title={t("except")} lead={t("except_lead", { client, route })}>
      {done ? (
        <Notice kind="ok">{done}</Notice>
      ) : (
        <form
          class="form narrow"
          onSubmit={(event) => {
            event.preventDefault();
            void except();
          }}
        >
          <Select label={t("hours")} value={hours} options={HOURS.map((name) => [name, t(`hours_${name}`)] as const)} onChange={setHours} />
          <TextField label={t("reason")} help={t("reason_help")} value={reason} onInput={setReason} required />
          <Wrong problem={problem} />
          <Button type="submit" busy={busy}>
            {t("except_do")}
          </Button>
        </form>
      )}
    </Section>
  );
}
