import { useState } from "preact/hooks";
import type { Draft, PolicyShown } from "../../client.js";
import { useAction } from "../../components/action.js";
import { Section } from "../../components/parts.js";
import { Empty, Notice, Wrong } from "../../components/states.js";
import { words } from "../../text.js";
import { edited } from "./edit.js";
import type en from "./en.json";
import { Ladders } from "./ladders.js";
import { Limits } from "./limits.js";
import { NumberField } from "./number.js";
import { RouteSection } from "./routes.js";

const t = words<typeof en>("policy");

interface Props {
  draft: Draft;
  signals: PolicyShown["signals"];
  may: boolean;
  onDraft: (draft: Draft) => void;
}

export function FormsView({ draft, signals, may, onDraft }: Props) {
  const [name, setName] = useState("");
  const { busy, problem, run } = useAction();
  // One that was removed is chosen no longer.
  const route = draft.routes.find((route) => route.name === name) ?? draft.routes[0];
  if (draft.problems.length > 0) return <Notice kind="warning">{t("forms_wrong")}</Notice>;
  if (!route) return <Empty title={t("forms_none")} />;
  const weigh = (signal: string, value: number | null): void =>
    void run(async () => onDraft(await edited(draft, [{ section: { kind: "route", name: route.name }, key: ["weights", signal], value }])));
  return (
    <>
      <RouteSection draft={draft} route={route} may={may} onDraft={onDraft} onChoose={setName} />
      <Section title={t("weights")} lead={t("weights_lead")}>
        <Wrong problem={problem} />
        <fieldset class="group" disabled={!may || busy} key={route.name}>
          <div class="columns">
            {signals.map((signal) => (
              <NumberField
                key={signal.name}
                label={signal.name.replaceAll("_", " ")}
                value={(route.weights as Record<string, number>)[signal.name] ?? signal.weight}
                min={0}
                max={100}
                onSet={(value) => weigh(signal.name, value)}
              />
            ))}
          </div>
        </fieldset>
      </Section>
      <Limits draft={draft} may={may} onDraft={onDraft} />
      <Ladders draft={draft} may={may} onDraft={onDraft} />
    </>
  );
}
