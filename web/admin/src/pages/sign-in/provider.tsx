// The identity provider's button, and what became of a sign-in there.

import { useEffect, useState } from "preact/hooks";
import type { Problem } from "../../call.js";
import type { SessionState } from "../../client.js";
import { Button } from "../../components/button.js";
import { Loading, Wrong } from "../../components/states.js";
import { goToProvider, signInWith, type Back } from "../../identity.js";
import { problemOf } from "../../load.js";
import { words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("sign-in");

interface Props {
  label: string;
  back: Back | undefined;
  onEntered: (state: SessionState) => void;
}

export function ProviderPart({ label, back, onEntered }: Props) {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(back !== undefined);
  useEffect(() => {
    if (back === undefined) return;
    const ended = back.code === null ? Promise.reject(new Error(t("provider_no", { label, why: back.error ?? "?" }))) : signInWith(back);
    ended.then(onEntered, (error: unknown) => {
      setProblem(problemOf(error));
      setBusy(false);
    });
  }, [back]);
  async function go(): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      await goToProvider();
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  }
  if (busy && back !== undefined) return <Loading />;
  return (
    <div class="form">
      <Wrong problem={problem} />
      <Button kind="primary" busy={busy} onClick={() => void go()}>
        {t("provider", { label })}
      </Button>
      <p class="quiet">{t("or")}</p>
    </div>
  );
}
