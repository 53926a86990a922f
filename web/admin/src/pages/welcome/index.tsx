// A one-time link: somebody sets their password and is in.

import { useState } from "preact/hooks";
import type { Problem } from "../../call.js";
import { api, type SessionState } from "../../client.js";
import { Button } from "../../components/button.js";
import { TextField } from "../../components/field.js";
import { Ready, Wrong } from "../../components/states.js";
import { problemOf, useLoad } from "../../load.js";
import { go } from "../../route.js";
import { words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("welcome");

export function WelcomePage({ link, onEntered }: { link: string; onEntered: (state: SessionState) => void }) {
  const [owner, reload] = useLoad((signal) => api.session.linkOf({ link }, signal), [link]);
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function enter(): Promise<void> {
    setBusy(true);
    try {
      const state = await api.session.link({ link, password });
      go("");
      onEntered(state);
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  }
  return (
    <main class="alone">
      <h1>{t("title")}</h1>
      <Ready loaded={owner} onRetry={reload}>
        {({ name }) => (
          <form
            class="form"
            onSubmit={(event) => {
              event.preventDefault();
              void enter();
            }}
          >
            <p>{t("lead", { name })}</p>
            <input class="unseen" type="text" autocomplete="username" value={name} readOnly tabIndex={-1} aria-hidden="true" />
            <TextField label={t("password")} help={t("help")} type="password" value={password} onInput={setPassword} autocomplete="new-password" required autofocus />
            <Wrong problem={problem} />
            <Button kind="primary" type="submit" busy={busy}>
              {t("enter")}
            </Button>
          </form>
        )}
      </Ready>
    </main>
  );
}
