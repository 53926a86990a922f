import { useState } from "preact/hooks";
import { api, type Draft, type PolicyShown } from "../../client.js";
import { useAction } from "../../components/action.js";
import { Button } from "../../components/button.js";
import { TextField } from "../../components/field.js";
import { Section } from "../../components/parts.js";
import { Empty, Notice, Wrong } from "../../components/states.js";
import { toast } from "../../components/toast.js";
import { words } from "../../text.js";
import { Difference } from "./difference.js";
import type en from "./en.json";

const t = words<typeof en>("policy");

interface Props {
  policy: PolicyShown;
  draft: Draft;
  may: boolean;
  onPublished: () => void;
}

/** What changes, why, and the button. */
export function PublishView({ policy, draft, may, onPublished }: Props) {
  const [note, setNote] = useState("");
  const { busy, problem, run } = useAction();
  if (draft.text === policy.text) return <Empty title={t("publish_nothing")} />;
  return (
    <Section title={t("view_publish")} lead={t("publish_lead")}>
      <Difference before={policy.text} after={draft.text} />
      {draft.problems.length > 0 && <Notice kind="danger">{t("problems", { count: draft.problems.length })}</Notice>}
      <form
        class="form narrow"
        onSubmit={(event) => {
          event.preventDefault();
          void run(() => api.policy.publish(policy.version, { text: draft.text, note })).then((done) => {
            if (!done) return;
            toast(t("published"));
            onPublished();
          });
        }}
      >
        <TextField label={t("note")} help={t("note_help")} value={note} onInput={setNote} required />
        <Wrong problem={problem} />
        <Button kind="primary" type="submit" busy={busy} disabled={!may || draft.problems.length > 0}>
          {t("publish")}
        </Button>
      </form>
    </Section>
  );
}
