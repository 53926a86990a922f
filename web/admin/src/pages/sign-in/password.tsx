// Name and password, a code where one is needed, a puzzle where somebody failed before; or a passkey.

import { useState } from "preact/hooks";
import { ApiError, type Problem } from "../../call.js";
import { api, type SessionState } from "../../client.js";
import { Button } from "../../components/button.js";
import { TextField } from "../../components/field.js";
import { Wrong } from "../../components/states.js";
import { problemOf } from "../../load.js";
import { passkeysWork, signInWithPasskey } from "../../passkey.js";
import { isPuzzle, solve } from "../../puzzle.js";
import { words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("sign-in");

/** Puzzles in a row: one that took too long is asked for again. */
const PUZZLES_MAX = 3;

interface Wanted {
  name: string;
  password: string;
  code: string | null;
}

/** Signs in, and solves what is asked for first. `onShare` tells how much of it is done, 0 to 1. */
async function signIn(wanted: Wanted, onShare: (share: number) => void): Promise<SessionState> {
  let solution = null;
  for (let puzzles = 0; ; puzzles++) {
    try {
      return await api.session.password({ ...wanted, solution });
    } catch (error) {
      const asked = error instanceof ApiError && error.problem.code === "puzzle" ? error.problem.more : undefined;
      if (!isPuzzle(asked) || puzzles === PUZZLES_MAX) throw error;
      onShare(0);
      solution = await solve(asked, onShare);
    }
  }
}

export function PasswordForm({ onEntered }: { onEntered: (state: SessionState) => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [share, setShare] = useState<number>();
  async function enter(): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      onEntered(await signIn({ name, password, code: code || null }, setShare));
    } catch (error) {
      const problem = problemOf(error);
      if (problem.code === "code_needed" && code === undefined) setCode("");
      else setProblem(problem);
    }
    setShare(undefined);
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
      {share !== undefined && (
        <label class="quiet">
          {t("puzzle")} <progress value={share} max={1} />
        </label>
      )}
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
