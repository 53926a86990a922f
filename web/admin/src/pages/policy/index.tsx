// The policy: text and forms over the same draft, what it would have done, publication, and the texts until now.

import { useEffect, useState } from "preact/hooks";
import { api, type Draft, type PolicyShown } from "../../client.js";
import type { Problem } from "../../call.js";
import { Button } from "../../components/button.js";
import { Badge, PageHead, Tabs } from "../../components/parts.js";
import { Notice, Ready, Wrong } from "../../components/states.js";
import { problemOf, useLoad } from "../../load.js";
import { address, useRoute } from "../../route.js";
import { useMay } from "../../session.js";
import { words } from "../../text.js";
import type en from "./en.json";
import { FormsView } from "./forms.js";
import { HistoryView } from "./history.js";
import { PublishView } from "./publish.js";
import { ReplayView } from "./replay.js";
import { TextView } from "./text.js";

const t = words<typeof en>("policy");
const VIEWS = ["text", "forms", "replay", "publish", "history"] as const;

/** So long after the last key a draft is checked: while somebody types every state between is wrong. */
const QUIET_MILLIS = 350;

/** The draft outlives a look at another page; with the version of the text that it was begun from. */
let kept: { version: string; draft: Draft } | undefined;

export function PolicyPage() {
  const [loaded, reload] = useLoad((signal) => api.policy.show(signal), []);
  return (
    <>
      {loaded.state !== "ready" && <PageHead title={t("title")} lead={t("lead")} />}
      <Ready loaded={loaded} onRetry={reload}>
        {(policy) => <Policy key={policy.version} policy={policy} onPublished={reload} />}
      </Ready>
    </>
  );
}

function Policy({ policy, onPublished }: { policy: PolicyShown; onPublished: () => void }) {
  const route = useRoute();
  const view = VIEWS.find((name) => name === route.parts[0]) ?? "text";
  const may = useMay("steer");
  const [draft, setDraft] = useState<Draft>(
    kept?.version === policy.version ? kept.draft : { text: policy.text, problems: policy.problems, routes: policy.routes, limits: policy.limits, ladders: policy.ladders },
  );
  // Begun from a text that somebody has replaced meanwhile.
  const [earlier, setEarlier] = useState(kept && kept.version !== policy.version ? kept.draft.text : undefined);
  const [problem, setProblem] = useState<Problem>();
  const is_changed = draft.text !== policy.text;
  useEffect(() => {
    if (draft.text !== policy.text) kept = { version: policy.version, draft };
    else if (kept?.version === policy.version) kept = undefined;
  }, [draft]);
  useEffect(() => {
    if (!may || draft.text === policy.text) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      api.policy.check({ text: draft.text }, abort.signal).then(
        (checked) => {
          setProblem(undefined);
          setDraft((now) => (now.text === checked.text ? checked : now));
        },
        (error: unknown) => !abort.signal.aborted && setProblem(problemOf(error)),
      );
    }, QUIET_MILLIS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [draft.text]);
  const leave = (): void => {
    kept = undefined;
    setEarlier(undefined);
  };
  const published = (): void => {
    leave();
    onPublished();
  };
  const write = (text: string): void => setDraft((before) => ({ ...before, text }));
  return (
    <>
      <PageHead title={t("title")} lead={t("lead")}>
        <Badge tone={draft.problems.length > 0 ? "danger" : is_changed ? "warning" : "ok"}>
          {draft.problems.length > 0 ? t("problems", { count: draft.problems.length }) : is_changed ? t("is_draft") : t("is_published")}
        </Badge>
      </PageHead>
      <p class="quiet">
        {t("revision", { revision: policy.revision })} {policy.file && <code>{policy.file}</code>}
      </p>
      {!policy.file && <Notice kind="warning">{t("no_file")}</Notice>}
      <Tabs label={t("title")} current={view} tabs={VIEWS.map((name) => ({ name, text: t(`view_${name}`), href: address("policy", [name]) }))} />
      <Wrong problem={problem} />
      {earlier !== undefined && (
        <Notice kind="warning">
          <p>{t("earlier_draft")}</p>
          <div class="actions">
            <Button
              onClick={() => {
                leave();
                write(earlier);
              }}
            >
              {t("earlier_take")}
            </Button>
            <Button onClick={leave}>{t("earlier_drop")}</Button>
          </div>
        </Notice>
      )}
      {view === "text" && <TextView draft={draft} may={may} onWrite={write} />}
      {view === "forms" && <FormsView draft={draft} signals={policy.signals} may={may} onDraft={setDraft} />}
      {view === "replay" && <ReplayView draft={draft} may={may} />}
      {view === "publish" && <PublishView policy={policy} draft={draft} may={may} onPublished={published} />}
      {view === "history" && <HistoryView draft={draft} may={may} onTake={write} />}
    </>
  );
}
