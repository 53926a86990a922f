// How failures become restrictions: of sources, and of strangers at an account.

import type { Draft, PolicyLadder } from "../../client.js";
import { useAction } from "../../components/action.js";
import { Section } from "../../components/parts.js";
import { Wrong } from "../../components/states.js";
import { words } from "../../text.js";
import { edited } from "./edit.js";
import type en from "./en.json";
import { LeftField } from "./left.js";
import { NumberField } from "./number.js";

const t = words<typeof en>("policy");

interface Props {
  draft: Draft;
  may: boolean;
  onDraft: (draft: Draft) => void;
}

/** The same in both sections, under names of their own. */
const NAMES = {
  restrict: { from: "restrict_from", steps: "steps", forget: "forget" },
  accounts: { from: "lock_from", steps: "lock_steps", forget: "lock_forget" },
} as const;

export function Ladders(props: Props) {
  return (
    <>
      {props.draft.ladders.map((ladder) => (
        <Ladder key={ladder.section} ladder={ladder} {...props} />
      ))}
    </>
  );
}

function Ladder({ ladder, draft, may, onDraft }: Props & { ladder: PolicyLadder }) {
  const { busy, problem, run } = useAction();
  const section = ladder.section === "accounts" ? "accounts" : "restrict";
  const names = NAMES[section];
  const set = (key: string, value: unknown): void => void run(async () => onDraft(await edited(draft, [{ section: null, key: [section, key], value }])));
  /** An empty field is the default again. */
  const text = (key: string) => (value: string) => set(key, value || null);
  const steps = (value: string): void => {
    const list = value.split(/[\s,;→]+/).filter(Boolean);
    set(names.steps, list.length > 0 ? list : null);
  };
  return (
    <Section title={t(`ladder_${section}`)} lead={t(`ladder_${section}_lead`)}>
      <Wrong problem={problem} />
      <fieldset class="group" disabled={!may || busy}>
        <div class="columns">
          <LeftField label={t("ladder_window")} help={t("ladder_window_help")} value={ladder.window} onSet={text("window")} />
          {ladder.slow_from !== null && ladder.slow_from !== undefined && <NumberField label={t("ladder_slow")} value={ladder.slow_from} min={1} max={10_000} onSet={(value) => set("slow_from", value)} />}
          <NumberField label={t(`ladder_${section}_from`)} value={ladder.restrict_from} min={1} max={10_000} onSet={(value) => set(names.from, value)} />
          <LeftField label={t("ladder_steps")} help={t("ladder_steps_help")} value={ladder.steps.join(", ")} onSet={steps} />
          <LeftField label={t("ladder_forget")} help={t("ladder_forget_help")} value={ladder.forget} onSet={text(names.forget)} />
        </div>
      </fieldset>
    </Section>
  );
}
