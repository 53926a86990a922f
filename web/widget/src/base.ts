// Where the service is.

export const FOLDER = "/.spigot/widget/";

/** The folder of the service's files for a script of ours: the one it came from, or, where the service hands it out
 * under another name, its own. Without a script (a bundle of the page's) the page's own site. */
export function baseOf(script: string | undefined, page: string): string {
  const url = new URL(script ?? FOLDER, page);
  const at = url.pathname.lastIndexOf(FOLDER);
  url.pathname = at < 0 ? FOLDER : url.pathname.slice(0, at + FOLDER.length);
  url.search = url.hash = "";
  return url.href;
}

/** The script of ours that is running. A module does not know its own element: then it is looked for by its address. */
export function ownScript(): HTMLScriptElement | null {
  return (document.currentScript ?? document.querySelector(`script[src*="${FOLDER}"]`)) as HTMLScriptElement | null;
}

/** What the page's author wrote, as a folder. */
export function baseFrom(text: string, page: string): string {
  const url = new URL(text, page);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  url.search = url.hash = "";
  return url.href;
}

/** What an attribute says: scripts come from there, and markup may be of somebody who must not choose scripts. So it
 * counts at the page's `origin` and at that of `home`, which is instead of any other. */
export function baseWritten(text: string, page: string, home: string, origin: string): string {
  const base = baseFrom(text, page);
  // A `blob:` has an origin, too, but does not begin with it.
  if ([origin, new URL(home).origin].some((own) => base.startsWith(own + "/"))) return base;
  console.error("spigot: a base at another origin: set it by script");
  return home;
}
