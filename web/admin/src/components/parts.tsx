// Small parts that several pages show in the same way.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type en from "../shell/en.json";
import { maybe, moment, words } from "../text.js";
import { Icon, type IconName } from "./icon.js";

const t = words<typeof en>("shell");

export type Tone = "ok" | "warning" | "danger" | "info" | "off";

/** A state: always an icon and a word, never colour alone. */
export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class={`badge ${tone}`}>
      <Icon name={tone} />
      {children}
    </span>
  );
}

const ACTION_TONES: Record<string, Tone> = { allow: "ok", log: "info", throttle: "warning", challenge: "warning", shadow: "danger", block: "danger" };

/** One of the six actions, by its name in the API. */
export function Action({ name }: { name: string }) {
  return <Badge tone={ACTION_TONES[name] ?? "info"}>{maybe(`shell.action_${name}`) ?? name}</Badge>;
}

/** A moment of the API; without one, what it means that there is none. */
export function When({ time, none }: { time: string | null | undefined; none?: string }) {
  if (!time) return <>{none ?? t("never")}</>;
  return (
    <time dateTime={time} title={time}>
      {moment(time)}
    </time>
  );
}

export function PageHead({ title, lead, children }: { title: string; lead?: ComponentChildren; children?: ComponentChildren }) {
  return (
    <header class="page-head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {lead && <p class="lead">{lead}</p>}
      </div>
      {children && <div class="page-actions">{children}</div>}
    </header>
  );
}

export function Section({ title, lead, children }: { title: string; lead?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="section">
      <h2>{title}</h2>
      {lead && <p class="lead">{lead}</p>}
      {children}
    </section>
  );
}

/** Views beside each other: links, so that each has an address. */
export function Tabs({ label, tabs, current }: { label: string; tabs: ReadonlyArray<{ name: string; text: string; href: string }>; current: string }) {
  const nav = useRef<HTMLElement>(null);
  // Where there is no room for all, the one that is open is in sight. Only sideways: the page stays where it is.
  useEffect(() => {
    const open = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (nav.current && open) nav.current.scrollLeft = open.offsetLeft - nav.current.offsetLeft - (nav.current.clientWidth - open.offsetWidth) / 2;
  }, [current]);
  return (
    <nav class="tabs" aria-label={label} ref={nav}>
      {tabs.map((tab) => (
        <a key={tab.name} href={tab.href} aria-current={tab.name === current ? "page" : undefined}>
          {tab.text}
        </a>
      ))}
    </nav>
  );
}

export type { IconName };
