// Where one is stands behind `#`, so that the server needs to know no page: `#/lists/deny?find=192.0.2.7`.

import { useEffect, useState } from "preact/hooks";

export interface Route {
  /** The page. */
  page: string;
  /** What follows it. */
  parts: string[];
  search: URLSearchParams;
}

export function currentRoute(): Route {
  const [path = "", search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page = "", ...parts] = path.split("/").map(decoded);
  return { page, parts, search: new URLSearchParams(search) };
}

/** Somebody may have typed it: a lone percent sign stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function address(page: string, parts: string[] = [], search: Record<string, string | undefined> = {}): string {
  const pairs = Object.entries(search).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const query = new URLSearchParams(pairs).toString();
  return `#/${[page, ...parts].map(encodeURIComponent).join("/")}${query ? `?${query}` : ""}`;
}

export function go(page: string, parts: string[] = [], search: Record<string, string | undefined> = {}): void {
  location.hash = address(page, parts, search);
}

/** Says it another way without a step in the history: filters that somebody types. */
export function replace(page: string, parts: string[], search: Record<string, string | undefined>): void {
  history.replaceState(null, "", address(page, parts, search));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useRoute(): Route {
  const [route, setRoute] = useState(currentRoute);
  useEffect(() => {
    const changed = (): void => setRoute(currentRoute());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}
