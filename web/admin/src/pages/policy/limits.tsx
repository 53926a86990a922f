// Rates, as a table and a form over the same text. One of the shipped policy becomes the draft's own when it is changed.

import { useState } from "preact/hooks";
import type { Draft, PolicyEdit, PolicyLimit } from "../../client.js";
import { FormDialog } from "../../components/action.js";
import { Button } from "../../components/button.js";
import { Check, Select, TextArea, TextField } from "../../components/field.js";
import { Badge, Section } from "../../components/parts.js";
import { Empty } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { maybe, number, words } from "../../text.js";
import { edited } from "./edit.js";
import type en from "./en.json";

const t = words<typeof en>("policy");
const shared = words<typeof import("../../shell/en.json")>("shell");
const ACTIONS = ["throttle", "challenge", "shadow", "block"] as const;
const KEYS = ["client", "address", "account", "network", "fingerprint", "cohort", "route", "path", "host", "user_agent", "body"];

interface Props {
  draft: Draft;
  may: boolean;
  onDraft: (draft: Draft) => void;
}

type Open = { kind: "form"; limit?: PolicyLimit } | { kind: "remove"; limit: PolicyLimit };

export function Limits({ draft, may, onDraft }: Props) {
  const [open, setOpen] = useState<Open>();
  const close = (): void => setOpen(undefined);
  return (
    <Section title={t("limits")} lead={t("limits_lead")}>
      {draft.limits.length === 0 ? <Empty title={t("limits_none")} /> : <LimitTable limits={draft.limits} may={may} onOpen={setOpen} />}
      {may && (
        <div class="actions">
          <Button icon="add" onClick={() => setOpen({ kind: "form" })}>
            {t("limit_add")}
          </Button>
        </div>
      )}
      {open?.kind === "form" && <LimitDialog draft={draft} limit={open.limit} onDraft={onDraft} onClose={close} />}
      {open?.kind === "remove" && (
        <FormDialog
          title={t("limit_remove", { name: open.limit.name })}
          submit={shared("remove")}
          danger
          onClose={close}
          onSubmit={async () => onDraft(await edited(draft, [{ section: { kind: "limit", name: open.limit.name }, key: [], value: null }]))}
        >
          <p>{t("limit_remove_help")}</p>
        </FormDialog>
      )}
    </Section>
  );
}

function LimitTable({ limits, may, onOpen }: { limits: PolicyLimit[]; may: boolean; onOpen: (open: Open) => void }) {
  return (
    <Table
      caption={t("limits")}
      rows={limits}
      rowKey={(limit) => limit.name}
      columns={[
        {
          key: "name",
          name: t("limit"),
          cell: (limit) => (
            <>
              <strong>{limit.name}</strong> {!limit.is_own && <Badge tone="info">{t("limit_shipped")}</Badge>}
            </>
          ),
        },
        { key: "rate", name: t("limit_rate"), cell: (limit) => said(limit) },
        { key: "routes", name: t("limit_routes"), cell: (limit) => limit.routes.join(", ") || t("limit_routes_all") },
        { key: "counts", name: t("limit_counts"), cell: (limit) => <code>{[...limit.patterns, limit.when ?? ""].filter(Boolean).join(" · ") || "–"}</code> },
        { key: "action", name: t("limit_action"), cell: (limit) => maybe(`shell.action_${limit.action}`) ?? limit.action },
        ...(may
          ? [
              {
                key: "do",
                name: shared("change"),
                cell: (limit: PolicyLimit) => (
                  <div class="actions">
                    <Button onClick={() => onOpen({ kind: "form", limit })}>{shared("change")}</Button>
                    {limit.is_own && <Button onClick={() => onOpen({ kind: "remove", limit })}>{shared("remove")}</Button>}
                  </div>
                ),
              },
            ]
          : []),
      ]}
    />
  );
}

function said({ events, window, per }: PolicyLimit): string {
  return per ? t("limit_said_per", { events: number(events), window, per }) : t("limit_said", { events: number(events), window });
}

interface FormProps {
  draft: Draft;
  limit?: PolicyLimit | undefined;
  onDraft: (draft: Draft) => void;
  onClose: () => void;
}

function LimitDialog({ draft, limit, onDraft, onClose }: FormProps) {
  const [name, setName] = useState(limit?.name ?? "");
  const [events, setEvents] = useState(String(limit?.events ?? 20));
  const [window, setWindow] = useState(limit?.window ?? "1m");
  const [per, setPer] = useState(limit ? (limit.per ?? "") : "client");
  const [action, setAction] = useState(ACTIONS.find((one) => one === limit?.action) ?? "throttle");
  const [routes, setRoutes] = useState<readonly string[]>(limit?.routes ?? []);
  const [patterns, setPatterns] = useState((limit?.patterns ?? []).join("\n"));
  const [when, setWhen] = useState(limit?.when ?? "");
  async function set(): Promise<void> {
    const section = { kind: "limit", name: name.trim() };
    const values: Record<string, unknown> = {
      rate: `${events.trim()} per ${window.trim()}${per.trim() ? ` per ${per.trim()}` : ""}`,
      action,
      routes: some([...routes]),
      match: some(patterns.split("\n").map((line) => line.trim()).filter(Boolean)),
      when: when.trim() || null,
    };
    const before = limit && asWritten(limit);
    const edits = Object.entries(values)
      .filter(([key, value]) => !before || !limit.is_own || JSON.stringify(value) !== JSON.stringify(before[key]))
      .map(([key, value]): PolicyEdit => ({ section, key: [key], value }));
    onDraft(await edited(draft, edits));
  }
  return (
    <FormDialog title={limit?.name ?? t("limit_add")} submit={t("limit_save")} onClose={onClose} onSubmit={set}>
      {!limit && <TextField label={t("limit_name")} value={name} onInput={setName} required autofocus />}
      <TextField label={t("limit_events")} type="number" min={1} max={1_000_000} value={events} onInput={setEvents} required />
      <TextField label={t("limit_window")} help={t("limit_window_help")} value={window} onInput={setWindow} required code />
      <TextField label={t("limit_per")} help={t("limit_per_help")} value={per} onInput={setPer} list={KEYS} code />
      <Select label={t("limit_action")} value={action} options={ACTIONS.map((name) => [name, maybe(`shell.action_${name}`) ?? name] as const)} onChange={setAction} />
      <fieldset class="group">
        <legend>{t("limit_routes")}</legend>
        <p class="help">{t("limit_routes_help")}</p>
        <div class="choices">
          {draft.routes.map(({ name: route }) => (
            <Check key={route} label={route} checked={routes.includes(route)} onChange={(on) => setRoutes(on ? [...routes, route] : routes.filter((one) => one !== route))} />
          ))}
        </div>
      </fieldset>
      <TextArea label={t("limit_match")} help={t("limit_match_help")} rows={2} value={patterns} onInput={setPatterns} />
      <TextField label={t("limit_when")} help={t("limit_when_help")} value={when} onInput={setWhen} code />
    </FormDialog>
  );
}

/** A list of what is there; absent when nothing is. */
function some(list: string[]): string[] | null {
  return list.length > 0 ? list : null;
}

/** What the keys of a limit say now. */
function asWritten({ events, window, per, action, routes, patterns, when }: PolicyLimit): Record<string, unknown> {
  return { rate: `${events} per ${window}${per ? ` per ${per}` : ""}`, action, routes: some(routes), match: some(patterns), when: when ?? null };
}
