// One's own account: password, authenticator app, sessions.

import { useState } from "preact/hooks";
import type { Problem } from "../../call.js";
import { api, type Me } from "../../client.js";
import { Button } from "../../components/button.js";
import { TextField } from "../../components/field.js";
import { Badge, PageHead, Section, When } from "../../components/parts.js";
import { Notice, Ready, Wrong } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { toast, toastProblem } from "../../components/toast.js";
import { problemOf, useLoad } from "../../load.js";
import { words } from "../../text.js";
import type en from "./en.json";
import { PasskeysSection } from "./passkeys.js";
import { TotpSection } from "./totp.js";

const t = words<typeof en>("account");

export function AccountPage() {
  const [me, reload] = useLoad((signal) => api.me.show(signal), []);
  return (
    <>
      <PageHead title={t("title")} lead={t("lead")} />
      <Ready loaded={me} onRetry={reload}>
        {(me) => (
          <>
            {me.has_identity ? (
              <Notice>{t("by_provider")}</Notice>
            ) : (
              <>
                <PasswordSection me={me} onDone={reload} />
                <PasskeysSection me={me} />
                <TotpSection me={me} onDone={reload} />
              </>
            )}
            <SessionsSection me={me} onDone={reload} />
          </>
        )}
      </Ready>
    </>
  );
}

function PasswordSection({ me, onDone }: { me: Me; onDone: () => void }) {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function change(): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      await api.me.password({ old: me.has_password ? old : null, new: fresh });
      setOld("");
      setFresh("");
      toast(t("password_changed"));
      onDone();
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  }
  return (
    <Section title={t("password")} lead={t("password_lead")}>
      <form
        class="form narrow"
        onSubmit={(event) => {
          event.preventDefault();
          void change();
        }}
      >
        {me.has_password && <TextField label={t("password_old")} type="password" value={old} onInput={setOld} autocomplete="current-password" required />}
        <TextField label={t("password_new")} help={t("password_help")} type="password" value={fresh} onInput={setFresh} autocomplete="new-password" required />
        <Wrong problem={problem} />
        <Button type="submit" busy={busy}>
          {t("password_change")}
        </Button>
      </form>
    </Section>
  );
}

function SessionsSection({ me, onDone }: { me: Me; onDone: () => void }) {
  const end = (id: string): void =>
    void api.me.endSession(id).then(
      () => {
        toast(t("session_ended"));
        onDone();
      },
      (error: unknown) => toastProblem(problemOf(error)),
    );
  return (
    <Section title={t("sessions")} lead={t("sessions_lead")}>
      <Table
        caption={t("sessions")}
        rows={me.sessions}
        rowKey={(session) => session.id}
        columns={[
          { key: "agent", name: t("session_browser"), cell: (session) => <span class="clip">{session.agent || "–"}</span> },
          { key: "method", name: t("session_method"), cell: (session) => session.method },
          { key: "created", name: t("session_created"), cell: (session) => <When time={session.created} /> },
          { key: "seen", name: t("session_seen"), cell: (session) => <When time={session.seen} /> },
          {
            key: "end",
            name: t("session_end"),
            cell: (session) => (session.is_this ? <Badge tone="ok">{t("session_this")}</Badge> : <Button onClick={() => end(session.id)}>{t("session_end")}</Button>),
          },
        ]}
      />
      {me.sessions.length > 1 && <Button onClick={() => end("all")}>{t("sessions_end")}</Button>}
    </Section>
  );
}
