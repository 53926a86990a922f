import { api, type RouteTriggers, type TriggerState } from "../../client.js";
import { Badge, type Tone } from "../../components/parts.js";
import { Ready } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { useLoad } from "../../load.js";
import { number, words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("captcha");

const TONES: Record<TriggerState["state"], Tone> = { off: "off", learning: "info", armed: "info", quiet: "ok", near: "warning", asking: "danger" };
const TRIGGERS = ["high_frequency", "denylisted_origin", "traffic_anomaly", "payload_repetition", "manual"] as const;

/** A row per route, a column per trigger. */
export function TriggersSection() {
  const [triggers, reload] = useLoad((signal) => api.triggers.show(signal), [], 5000);
  return (
    <Ready loaded={triggers} onRetry={reload}>
      {({ routes }) => (
        <Table
          caption={t("triggers")}
          rows={routes}
          rowKey={(route) => route.route}
          columns={[
            { key: "route", name: t("column_route"), cell: (route) => <RouteName route={route} /> },
            ...TRIGGERS.map((name) => ({
              key: name,
              name: t(name),
              cell: (route: RouteTriggers) => {
                const trigger = route.triggers.find((one) => one.name === name);
                return trigger ? <Trigger trigger={trigger} /> : null;
              },
            })),
          ]}
        />
      )}
    </Ready>
  );
}

function RouteName({ route }: { route: RouteTriggers }) {
  return (
    <>
      <div>
        <strong>{route.route}</strong> {route.is_monitored && <Badge tone="info">{t("monitored")}</Badge>}
      </div>
      <div class="quiet code clip short" title={route.patterns.join("\n")}>
        {route.patterns.slice(0, 2).join(", ")}
      </div>
    </>
  );
}

function Trigger({ trigger }: { trigger: TriggerState }) {
  return (
    <div class="meter">
      <Badge tone={TONES[trigger.state]}>{t(`state_${trigger.state}`)}</Badge>
      <span class="quiet">{figure(trigger)}</span>
    </div>
  );
}

function figure(trigger: TriggerState): string {
  const { figure, threshold } = trigger;
  if (trigger.state === "off" || figure === null || figure === undefined) return "";
  if (trigger.name === "denylisted_origin") return t("entries", { count: figure });
  if (trigger.name === "manual") return t("endpoints", { count: figure });
  if (trigger.name === "traffic_anomaly") {
    if (trigger.state === "learning") return t("this_hour_learning", { figure, days: trigger.days ?? 0, needed: trigger.needs_days ?? 0 });
    const mean = number(trigger.mean ?? 0, { maximumFractionDigits: 0 });
    return t("this_hour", { figure, mean, days: trigger.days ?? 0, threshold: threshold ?? 0 });
  }
  const seconds = trigger.window_seconds ?? 0;
  const window = seconds % 60 === 0 ? t("minutes", { count: seconds / 60 }) : t("seconds", { count: seconds });
  return t("of_window", { figure, threshold: threshold ?? 0, window });
}
