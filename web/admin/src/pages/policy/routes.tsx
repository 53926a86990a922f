// Routes, one at a time: what they are for, and what they ask. A shipped one is changed where it stands.

import { useState } from "preact/hooks";
import { ApiError } from "../../call.js";
import type { Draft, PolicyEdit, PolicyRoute } from "../../client.js";
import { FormDialog, useAction } from "../../components/action.js";
import { Button } from "../../components/button.js";
import { Check, Select, TextArea, TextField } from "../../components/field.js";
import { Badge, Section } from "../../components/parts.js";
import { Wrong } from "../../components/states.js";
import { words } from "../../text.js";
import { edited } from "./edit.js";
import type en from "./en.json";
import { NumberField } from "./number.js";

const t = words<typeof en>("policy");
const shared = words<typeof import("../../shell/en.json")>("shell");
const LEVELS = ["low", "medium", "high"] as const;
/** Every request that fits no other; it is there in any case, and has no patterns. */
const LEFT = "default";

interface Props {
  draft: Draft;
  route: PolicyRoute;
  may: boolean;
  onDraft: (draft: Draft) => void;
  onChoose: (name: string) => void;
}

type Open = "add" | "match" | "remove";

/** What is set: a key of the route, and its value; null for the default. */
type Set = (key: string[], value: unknown) => void;

export function RouteSection({ draft, route, may, onDraft, onChoose }: Props) {
  const [open, setOpen] = useState<Open>();
  const { busy, problem, run } = useAction();
  const section = { kind: "route", name: route.name };
  const set: Set = (key, value) => void run(async () => onDraft(await edited(draft, [{ section, key, value }])));
  const close = (): void => setOpen(undefined);
  const is_own = route.stands === "own";
  return (
    <Section title={t("view_forms")} lead={t("forms_lead")}>
      <div class="narrow">
        <Select label={t("route")} value={route.name} options={draft.routes.map(({ name }) => [name, name] as const)} onChange={onChoose} />
      </div>
      <p class="quiet">
        {route.stands !== "own" && <Badge tone="info">{t(`route_${route.stands}`)}</Badge>} <span class="code">{said(route)}</span>
      </p>
      {may && (
        <div class="actions">
          <Button icon="add" onClick={() => setOpen("add")}>
            {t("route_add")}
          </Button>
          {route.name !== LEFT && <Button onClick={() => setOpen("match")}>{t("route_match_change")}</Button>}
          {route.stands !== "shipped" && <Button onClick={() => setOpen("remove")}>{is_own ? shared("remove") : t("route_back")}</Button>}
        </div>
      )}
      <Wrong problem={problem} />
      <fieldset class="group" disabled={!may || busy} key={route.name}>
        <RouteForm route={route} set={set} />
      </fieldset>
      {open === "add" && <RouteDialog draft={draft} onDraft={onDraft} onChoose={onChoose} onClose={close} />}
      {open === "match" && <RouteDialog draft={draft} route={route} onDraft={onDraft} onChoose={onChoose} onClose={close} />}
      {open === "remove" && (
        <FormDialog
          title={is_own ? t("limit_remove", { name: route.name }) : t("route_back_title", { name: route.name })}
          submit={is_own ? shared("remove") : t("route_back")}
          danger
          onClose={close}
          onSubmit={async () => onDraft(await edited(draft, [{ section, key: [], value: null }]))}
        >
          <p>{is_own ? t("route_remove_help") : t("route_back_help")}</p>
        </FormDialog>
      )}
    </Section>
  );
}

function said({ name, hosts, patterns }: PolicyRoute): string {
  return [...hosts, name === LEFT ? t("route_left") : patterns.join(", ")].join(" · ");
}

function RouteForm({ route, set }: { route: PolicyRoute; set: Set }) {
  return (
    <>
      <div class="columns">
        <Select label={t("mode")} value={route.mode} options={[["enforce", t("mode_enforce")], ["monitor", t("mode_monitor")]]} onChange={(value) => set(["mode"], value)} />
        <Select label={t("preset")} value={route.preset} options={LEVELS.map((one) => [one, one] as const)} onChange={(value) => set(["preset"], value)} />
        <Select label={t("ask")} help={t("ask_help")} value={route.ask} options={[["suspected", t("ask_suspected")], ["always", t("ask_always")]]} onChange={(value) => set(["ask"], value)} />
        <Select label={t("level")} help={t("level_help")} value={route.level} options={LEVELS.map((one) => [one, t(`level_${one}`)] as const)} onChange={(value) => set(["level"], value)} />
        <NumberField label={t("threshold_log")} value={route.log} min={1} max={101} onSet={(value) => set(["thresholds", "log"], value)} />
        <NumberField label={t("threshold_challenge")} value={route.challenge} min={1} max={101} onSet={(value) => set(["thresholds", "challenge"], value)} />
        <NumberField label={t("threshold_block")} value={route.block} min={1} max={101} onSet={(value) => set(["thresholds", "block"], value)} />
        <NumberField label={t("high_frequency")} help={t("empty_off")} value={route.high_frequency} min={1} onSet={(value) => set(...trigger("high_frequency", "more_than", value))} />
        <NumberField label={t("payload_repetition")} help={t("empty_off")} value={route.payload_repetition} min={1} onSet={(value) => set(...trigger("payload_repetition", "more_than", value))} />
        <NumberField label={t("traffic_anomaly")} help={t("empty_off")} value={route.traffic_anomaly} min={1} step={0.1} onSet={(value) => set(...trigger("traffic_anomaly", "times", value))} />
      </div>
      <Check label={t("denylisted_origin")} checked={route.denylisted_origin} onChange={(on) => set(["triggers", "denylisted_origin"], on)} />
    </>
  );
}

/** A trigger's figure, or the trigger off. */
function trigger(name: string, key: string, value: number | null): [string[], unknown] {
  return value === null ? [["triggers", name], false] : [["triggers", name, key], value];
}

interface DialogProps {
  draft: Draft;
  route?: PolicyRoute;
  onDraft: (draft: Draft) => void;
  onChoose: (name: string) => void;
  onClose: () => void;
}

function RouteDialog({ draft, route, onDraft, onChoose, onClose }: DialogProps) {
  const [name, setName] = useState(route?.name ?? "");
  const [patterns, setPatterns] = useState((route?.patterns ?? []).join("\n"));
  const [hosts, setHosts] = useState((route?.hosts ?? []).join("\n"));
  async function set(): Promise<void> {
    const called = name.trim();
    if (!route && draft.routes.some((other) => other.name === called)) {
      throw new ApiError({ status: 422, code: "of_the_panel", detail: t("route_twice", { name: called }) });
    }
    const section = { kind: "route", name: called };
    const edits: PolicyEdit[] = [];
    const [match, host] = [lines(patterns), lines(hosts)];
    if (String(match) !== String(route?.patterns ?? [])) edits.push({ section, key: ["match"], value: match });
    if (String(host) !== String(route?.hosts ?? [])) edits.push({ section, key: ["host"], value: host.length > 0 ? host : null });
    onDraft(await edited(draft, edits));
    onChoose(called);
  }
  return (
    <FormDialog title={route ? route.name : t("route_add")} submit={t("limit_save")} onClose={onClose} onSubmit={set}>
      <p>{route && route.stands !== "own" ? t("route_shipped_help") : t("route_add_help")}</p>
      {!route && <TextField label={t("limit_name")} help={t("route_name_help")} value={name} onInput={setName} required autofocus />}
      <TextArea label={t("route_match")} help={t("route_match_help")} rows={5} value={patterns} onInput={setPatterns} required />
      <TextArea label={t("route_hosts")} help={t("route_hosts_help")} rows={2} value={hosts} onInput={setHosts} />
    </FormDialog>
  );
}

function lines(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter(Boolean);
}
