// Things that are done with a form in a dialog, or at the press of a button: at work, done, or why not.

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Problem } from "../call.js";
import { problemOf } from "../load.js";
import type en from "../shell/en.json";
import { words } from "../text.js";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";
import { Wrong } from "./states.js";
import { toast, toastProblem } from "./toast.js";

const t = words<typeof en>("shell");

/** Does something once at a time and keeps why it did not work. What is at work is known at once, not at the next rendering. */
export function useAction(): { busy: boolean; problem: Problem | undefined; run: (work: () => Promise<unknown>) => Promise<boolean> } {
  const [busy, setBusy] = useState(false);
  const at_work = useRef(false);
  const [problem, setProblem] = useState<Problem>();
  async function run(work: () => Promise<unknown>): Promise<boolean> {
    if (at_work.current) return false;
    at_work.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
      return true;
    } catch (error) {
      setProblem(problemOf(error));
      return false;
    } finally {
      at_work.current = false;
      setBusy(false);
    }
  }
  return { busy, problem, run };
}

interface FormProps {
  title: string;
  submit: string;
  danger?: boolean;
  children: ComponentChildren;
  onClose: () => void;
  /** Throws when it does not work; then the dialog stays and says why. */
  onSubmit: () => Promise<unknown>;
}

/** A form in a dialog, which closes when it is done. */
export function FormDialog({ title, submit, danger = false, children, onClose, onSubmit }: FormProps) {
  const { busy, problem, run } = useAction();
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void run(onSubmit).then((done) => done && onClose());
        }}
      >
        {children}
        <Wrong problem={problem} />
        <div class="actions">
          <Button kind={danger ? "danger" : "primary"} type="submit" busy={busy}>
            {submit}
          </Button>
          <Button onClick={onClose}>{t("cancel")}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Does something and says so at the edge of the page. */
export async function act(work: Promise<unknown>, done: string, then?: () => void): Promise<void> {
  try {
    await work;
    toast(done);
  } catch (error) {
    toastProblem(problemOf(error));
  }
  then?.();
}
