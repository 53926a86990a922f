import { useState } from "preact/hooks";
import type { Draft, PolicyRoute, PolicyShown } from "../../client.js";
import { useAction } from "../../components/action.js";
import { Select } from "../../components/field.js";
import { Section } from "../../components/parts.js";
import { Empty, Notice, Wrong } from "../../components/states.js";
import { words } from "../../text.js";
import { edited } from "./edit.js";
import type en from "./en.json";
import { Ladders } from "./ladders.js";
import { Limits } from "./limits.js";
import { NumberField } from "./number.js";

const t = words<typeof en>("policy");

interface Props {
  draft: Draft;
  signals: PolicyShown["signals"];
  may: boolean;
  onDraft: (draft: Draft) => void;
}

/** What is set: a key of the route, and its value; null for the default. */
type Set = (key: string[], value: unknown) => void;

export function FormsView({ draft, signals, may, onDraft }: Props) {
  const [name, setName] = useState(draft.routes[0]?.name ?? "");
  const { busy, problem, run } = useAction();
  const route = draft.routes.find((route) => route.name === name);
  const set: Set = (key, value) =>
    void run(async () => onDraft(await edited(draft, [{ section: { kind: "route", name }, key, value }])));
  if (draft.problems.length > 0) return <Notice kind="warning">{t("forms_wrong")}</Notice>;
  if (!route) return <Empty title={t("forms_none")} />;
  return (
    <>
      <Section title={t("view_forms")} lead={t("forms_lead")}>
        <div class="narrow">
          <Select label={t("route")} value={name} options={draft.routes.map((route) => [route.name, route.name] as const)} onChange={setName} />
        </div>
        <p class="quiet code">{route.patterns.join(", ")}</p>
        <Wrong problem={problem} />
        <fieldset class="group" disabled={!may || busy} key={name}>
          <RouteForm route={route} set={set} />
        </fieldset>
      </Section>
      <Section title={t("weights")} lead={t("weights_lead")}>
        <fieldset class="group" disabled={!may || busy} key={name}>
          <div class="columns">
            {signals.map((signal) => (
              <NumberField
                key={signal.name}
                label={signal.name.replaceAll("_", " ")}
                value={(route.weights as Record<string, number>)[signal.name] ?? signal.weight}
                min={0}
                max={100}
                onSet={(value) => set(["weights", signal.name], value)}
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

function RouteForm({ route, set }: { route: PolicyRoute; set: Set }) {
  return (
    <div class="columns">
      <Select label={t("mode")} value={route.mode} options={[["enforce", t("mode_enforce")], ["monitor", t("mode_monitor")]]} onChange={(value) => set(["mode"], value)} />
      <Select label={t("preset")} value={route.preset} options={["low", "medium", "high"].map((one) => [one, one] as const)} onChange={(value) => set(["preset"], value)} />
      <NumberField label={t("threshold_log")} value={route.log} min={1} max={101} onSet={(value) => set(["thresholds", "log"], value)} />
      <NumberField label={t("threshold_challenge")} value={route.challenge} min={1} max={101} onSet={(value) => set(["thresholds", "challenge"], value)} />
      <NumberField label={t("threshold_block")} value={route.block} min={1} max={101} onSet={(value) => set(["thresholds", "block"], value)} />
      <NumberField label={t("high_frequency")} help={t("empty_off")} value={route.high_frequency} min={1} onSet={(value) => set(...trigger("high_frequency", "more_than", value))} />
      <NumberField label={t("payload_repetition")} help={t("empty_off")} value={route.payload_repetition} min={1} onSet={(value) => set(...trigger("payload_repetition", "more_than", value))} />
      <NumberField label={t("traffic_anomaly")} help={t("empty_off")} value={route.traffic_anomaly} min={1} step={0.1} onSet={(value) => set(...trigger("traffic_anomaly", "times", value))} />
    </div>
  );
}

/** A trigger's figure, or the trigger off. */
function trigger(name: string, key: string, value: number | null): [string[], unknown] {
  return value === null ? [["triggers", name], false] : [["triggers", name, key], value];
}
