// Scripts of other people, and what they leave behind.

/** A script that has not come by then will not: an extension or a network keeps it away. */
const LOAD_MILLIS_MAX = 15_000;
const LOOK_MILLIS = 50;

/** Loads a script once; fails when it does not come. */
export function loadScript(address: string, module = false): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const late = setTimeout(() => reject(new Error(`${address} does not come`)), LOAD_MILLIS_MAX);
    script.onload = () => (clearTimeout(late), resolve());
    script.onerror = () => (clearTimeout(late), reject(new Error(`${address} cannot be loaded`)));
    if (module) script.type = "module";
    script.src = address;
    document.head.append(script);
  });
}

/** Without it the widget works all the same, so nobody waits for it. */
export function loadStyle(address: string): void {
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: address }));
}

/** Loads a widget's script and waits for what it puts into the window: many load a second script that does. */
export async function api<T>(address: string, find: () => T | undefined | null | false): Promise<T> {
  const there = find();
  if (there) return there;
  await loadScript(address);
  for (let waited = 0; waited < LOAD_MILLIS_MAX; waited += LOOK_MILLIS) {
    const found = find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLIS));
  }
  throw new Error(`${address} brings nothing`);
}
