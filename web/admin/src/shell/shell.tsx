// What surrounds every page: navigation at the side, or behind a button where there is no room, the search for a decision,
// and who is signed in.

import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../client.js";
import { Button } from "../components/button.js";
import { Icon } from "../components/icon.js";
import { Empty } from "../components/states.js";
import { PAGES } from "../pages.js";
import { address, go, type Route } from "../route.js";
import { may, usePerson } from "../session.js";
import { maybe, words } from "../text.js";
import type en from "./en.json";
import { Preferences } from "./preferences.js";

const t = words<typeof en>("shell");
const GROUPS = ["watch", "steer", "people"] as const;

export function Shell({ route, version, onLeft }: { route: Route; version: string; onLeft: () => void }) {
  const person = usePerson();
  const mine = PAGES.filter((page) => may(person.role, page.need));
  const page = route.page === "" ? mine[0] : mine.find((page) => page.name === route.page);
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const title = page ? pageTitle(page.name) : t("nowhere");
  useEffect(() => {
    document.title = `${title} · Spigot`;
  }, [title]);
  const first = useRef(true);
  useEffect(() => {
    setOpen(false);
    scrollTo(0, 0);
    // The first page leaves the focus where the browser put it.
    if (!first.current) main.current?.querySelector("h1")?.focus();
    first.current = false;
  }, [page?.name]);
  return (
    <div class="shell">
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t("skip")}
      </a>
      <header class="bar">
        <button class="button icon-only menu" type="button" aria-expanded={open} aria-controls="navigation" aria-label={t("menu")} onClick={() => setOpen(!open)}>
          <Icon name={open ? "close" : "menu"} />
        </button>
        <a class="brand" href="#/">
          Spigot
        </a>
        <DecisionSearch />
        <a class="who" href={address("account")} aria-label={`${person.name} ${t(`role_${person.role}`)}`}>
          <Icon name="account" />
          <span>{person.name}</span> <span class="quiet">{t(`role_${person.role}`)}</span>
        </a>
      </header>
      <nav id="navigation" class={open ? "navigation open" : "navigation"} aria-label={t("navigation")}>
        {GROUPS.map((group) => {
          const pages = mine.filter((page) => page.group === group && !page.hidden);
          if (pages.length === 0) return null;
          return (
            <div key={group} class="navigation-group">
              <h2>{t(`group_${group}`)}</h2>
              <ul>
                {pages.map((one) => (
                  <li key={one.name}>
                    <a href={address(one.name)} aria-current={one === page ? "page" : undefined}>
                      <Icon name={one.icon} />
                      {pageTitle(one.name)}
                    </a>
                  </li>
                ))}
              </ul>
            </div>
          );
        })}
        <div class="navigation-foot">
          <Preferences />
          <Button onClick={() => void api.session.end().finally(onLeft)}>{t("sign_out")}</Button>
          <p class="quiet">Spigot {version}</p>
        </div>
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        {page ? <page.Page key={page.name} /> : <Empty title={t("nowhere")} />}
      </main>
    </div>
  );
}

/** What a page is called: `title` of its texts. */
function pageTitle(name: string): string {
  return maybe(`${name}.title`) ?? name;
}

/** Visitors read out the id that their page shows; it opens the story. */
function DecisionSearch() {
  const [id, setId] = useState("");
  return (
    <form
      class="decision-search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (id.trim() !== "") go("support", [id.trim()]);
      }}
    >
      <Icon name="search" />
      <input class="input code" type="search" value={id} aria-label={t("search_decision")} placeholder={t("search_decision")} spellcheck={false} onInput={(event) => setId(event.currentTarget.value)} />
    </form>
  );
}
