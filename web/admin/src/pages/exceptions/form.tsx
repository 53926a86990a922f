import { useState } from "preact/hooks";
import { api, type ExceptionShown } from "../../client.js";
import { FormDialog } from "../../components/action.js";
import { local, utc } from "../../components/end.js";
import { Check, Select, TextField } from "../../components/field.js";
import { Notice } from "../../components/states.js";
import { toast } from "../../components/toast.js";
import { usePerson } from "../../session.js";
import { words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("exceptions");
const shared = words<typeof import("../../shell/en.json")>("shell");
const HOUR = 3_600_000;

interface Props {
  exception?: ExceptionShown | undefined;
  routes: string[];
  onClose: () => void;
}

export function ExceptionDialog({ exception, routes, onClose }: Props) {
  const [name, setName] = useState(exception?.name ?? "");
  const [subject, setSubject] = useState(exception?.subject ?? "");
  const [chosen, setChosen] = useState<readonly string[]>(exception?.routes ?? []);
  const [start, setStart] = useState(exception ? local(exception.start) : "");
  const [end, setEnd] = useState(local(exception?.end ?? new Date(Date.now() + 4 * HOUR).toISOString()));
  const [relief, setRelief] = useState<"times" | "pass">(exception && !exception.times ? "pass" : "times");
  const [times, setTimes] = useState(String(exception?.times ?? 3));
  const [reason, setReason] = useState(exception?.reason ?? "");
  const isSupport = usePerson().role === "support";
  async function make(): Promise<void> {
    await api.exceptions.put({
      name,
      subject: subject.trim() || null,
      routes: [...chosen],
      start: start ? utc(start) : null,
      end: utc(end),
      times: relief === "times" ? Number(times) : null,
      reason,
      version: exception?.version ?? null,
    });
    toast(t("made"));
  }
  return (
    <FormDialog title={exception?.name ?? t("add")} submit={shared("save")} onClose={onClose} onSubmit={make}>
      {isSupport && <Notice>{t("support_lead")}</Notice>}
      {!exception && <TextField label={t("name")} value={name} onInput={setName} required autofocus />}
      <TextField label={t("subject")} help={t("subject_help")} value={subject} onInput={setSubject} required={isSupport} code />
      <fieldset class="group">
        <legend>{t("routes")}</legend>
        <p class="help">{t("routes_help")}</p>
        <div class="choices">
          {routes.map((route) => (
            <Check key={route} label={route} checked={chosen.includes(route)} onChange={(on) => setChosen(on ? [...chosen, route] : chosen.filter((one) => one !== route))} />
          ))}
        </div>
      </fieldset>
      <TextField label={t("start")} help={t("start_help")} type="datetime-local" value={start} onInput={setStart} />
      <TextField label={t("end")} type="datetime-local" value={end} onInput={setEnd} required />
      <Select label={t("relief")} value={relief} options={[["times", t("relief_times")], ["pass", t("relief_pass")]]} onChange={setRelief} />
      {relief === "times" && <TextField label={t("times")} type="number" min={1} max={1000} value={times} onInput={setTimes} required />}
      <TextField label={t("reason")} value={reason} onInput={setReason} required />
    </FormDialog>
  );
}
