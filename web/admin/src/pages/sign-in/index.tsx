import { useState } from "preact/hooks";
import type { Problem } from "../../call.js";
import { api, type SessionState } from "../../client.js";
import { Button } from "../../components/button.js";
import { TextField } from "../../components/field.js";
import { Notice, Wrong } from "../../components/states.js";
import { problemOf } from "../../load.js";
import { passkeysWork, signInWithPasskey } from "../../passkey.js";
import { Preferences } from "../../shell/preferences.js";
import { words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("sign-in");

export function SignInPage({ session, onEntered }: { session: SessionState; onEntered: (state: SessionState) => void }) {
  return (
    <main class="alone">
      <h1>{t("title")}</h1>
      {session.is_set_up ? (
        <PasswordForm onEntered={onEntered} />
      ) : (
        <Notice kind="info">
          <p>{t("not_set_up")}</p>
          <pre class="code">spigot admin create NAME</pre>
        </Notice>
      )}
      <Preferences />
    </main>
  );
}

function PasswordForm({ onEntered }: { onEntered: (state: SessionState) => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function enter(): Promise<void> {
    setBusy(true);
    try {
      onEntered(await api.session.password({ name, password, code: code || null }));
    } catch (error) {
      const problem = problemOf(error);
      if (problem.code === "code_needed" && code === undefined) {
        setCode("");
        setProblem(undefined);
      } else {
        setProblem(problem);
      }
    }
    setBusy(false);
  }
  async function withPasskey(): Promise<void> {
    setProblem(undefined);
    try {
      onEntered(await signInWithPasskey());
    } catch (error) {
      setProblem(problemOf(error));
    }
  }
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void enter();
      }}
    >
      <TextField label={t("name")} value={name} onInput={setName} autocomplete="username" required autofocus />
      <TextField label={t("password")} type="password" value={password} onInput={setPassword} autocomplete="current-password" required />
      {code !== undefined && (
        <TextField label={t("code")} help={t("code_help")} value={code} onInput={setCode} autocomplete="one-time-code" inputMode="numeric" required autofocus code />
      )}
      <Wrong problem={problem} />
      <Button kind="primary" type="submit" busy={busy}>
        {t("enter")}
      </Button>
      {passkeysWork() && (
        <Button icon="account" onClick={() => void withPasskey()}>
          {t("passkey")}
        </Button>
      )}
      <p class="quiet">{t("lost")}</p>
    </form>
  );
}
