// What the visitor sees and hears of it.

import { languages, type Texts } from "./languages.js";

export type State =
  /** `slow` is said: where this browser needs a minute and not a moment, the visitor knows why. */
  | { readonly is: "working"; readonly slow: boolean }
  /** A third party's widget is shown. */
  | { readonly is: "asked"; readonly by: string }
  | { readonly is: "going"; readonly sending: boolean }
  | { readonly is: "failed"; readonly offline: boolean; readonly code: string | undefined; readonly again: () => void }
  | { readonly is: "looping"; readonly again: () => void }
  | { readonly is: "cookies_off"; readonly again: () => void }
  /** What was sent cannot be kept, which the visitor is told before anything is solved. */
  | { readonly is: "cannot_keep"; readonly tooLargeBytes: number | undefined; readonly go: () => void }
  | { readonly is: "not_sent"; readonly tooLargeBytes: number | undefined; readonly back: () => void }
  | { readonly is: "already_sent"; readonly back: () => void };

export interface View {
  readonly language: string;
  /** Where a third party's widget goes. */
  readonly widget: HTMLElement;
  show(state: State): void;
  /** 0 to 1. */
  progress(share: number): void;
}

/** A check that is over by then is not spoken of. The card itself appears after the same time (challenge.css). */
const QUIET_MILLIS = 400;

export function createView(language: string): View {
  const texts = languages[language]!;
  const live = element("live");
  const bar = element("progress") as HTMLProgressElement;
  const percents = percentsIn(language);
  let state: State["is"] = "working";
  let halfSaid = false;

  translate(language, texts);
  element("late").hidden = true;
  prepareCopy(texts, say);
  const start = setTimeout(() => say(texts.started), QUIET_MILLIS);

  function say(text: string): void {
    clearTimeout(start);
    live.textContent = text;
  }

  return {
    language,
    widget: element("widget"),
    show(next) {
      state = next.is;
      const { heading, text, action } = content(next, texts, language);
      element("card").dataset["state"] = next.is;
      element("card").classList.toggle("at-once", !["working", "going"].includes(next.is));
      element("heading").textContent = heading;
      element("text").textContent = text;
      element("meter").hidden = !["working", "going"].includes(next.is);
      element("widget").hidden = next.is !== "asked";
      element("actions").hidden = action === undefined;
      if (action !== undefined) {
        element("action").textContent = action.label;
        element("action").onclick = action.run;
      }
      if (next.is !== "working") say(`${heading}. ${text}`);
      else if (next.slow) say(text);
    },
    progress(share) {
      if (state !== "working") return;
      bar.value = 100 * share;
      element("percent").textContent = percents(share);
      if (share < 0.5 || halfSaid || performance.now() < QUIET_MILLIS) return;
      halfSaid = true;
      say(texts.half);
    },
  };
}

interface Content {
  readonly heading: string;
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

function content(state: State, texts: Texts, language: string): Content {
  switch (state.is) {
    case "working":
      return { heading: texts.heading, text: state.slow ? texts.slowText : texts.text };
    case "asked":
      return { heading: texts.heading, text: texts.providerText.replace("{provider}", state.by) };
    case "going":
      return { heading: texts.doneHeading, text: state.sending ? texts.sending : texts.opening };
    case "failed": {
      const text = state.offline ? texts.offlineText : texts.failedText;
      const code = state.code === undefined ? "" : `\n${texts.code.replace("{code}", state.code)}`;
      return { heading: texts.failedHeading, text: text + code, action: { label: texts.tryAgain, run: state.again } };
    }
    case "looping":
      return { heading: texts.loopHeading, text: texts.loopText, action: { label: texts.tryAgain, run: state.again } };
    case "cookies_off":
      return {
        heading: texts.cookiesHeading,
        text: texts.cookiesText,
        action: { label: texts.tryAgain, run: state.again },
      };
    case "cannot_keep": {
      const text = lost(state.tooLargeBytes, texts.beforeNotKeptText, texts.beforeTooLargeText, language);
      return { heading: texts.beforeHeading, text, action: { label: texts.checkNow, run: state.go } };
    }
    case "not_sent": {
      const text = lost(state.tooLargeBytes, texts.notKeptText, texts.tooLargeText, language);
      return { heading: texts.notSentHeading, text, action: { label: texts.backToForm, run: state.back } };
    }
    case "already_sent":
      return {
        heading: texts.alreadyHeading,
        text: texts.alreadyText,
        action: { label: texts.backToForm, run: state.back },
      };
  }
}

function lost(bytes: number | undefined, notKept: string, tooLarge: string, language: string): string {
  return bytes === undefined ? notKept : tooLarge.replace("{size}", size(bytes, language));
}

function element(id: string): HTMLElement {
  return document.getElementById(id)!;
}

function translate(language: string, texts: Texts): void {
  document.documentElement.lang = language;
  document.documentElement.dir = texts.dir;
  document.title = `${texts.heading} – ${element("host").textContent ?? ""}`;
  for (const at of document.querySelectorAll<HTMLElement>("[data-text]")) {
    at.textContent = texts[at.dataset["text"] as keyof Texts];
  }
}

function prepareCopy(texts: Texts, say: (text: string) => void): void {
  const button = element("copy");
  button.hidden = false;
  button.onclick = async () => {
    if (!(await copy(element("decision")))) return;
    button.textContent = texts.copied;
    say(texts.copied);
    setTimeout(() => (button.textContent = texts.copy), 2_000);
  };
}

/** `navigator.clipboard` is missing on plain http. Where nothing works the text is at least selected. */
async function copy(from: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(from.textContent ?? "");
    return true;
  } catch {
    getSelection()?.selectAllChildren(from);
    return document.execCommand("copy");
  }
}

function percentsIn(language: string): (share: number) => string {
  const format = new Intl.NumberFormat(language, { style: "percent" });
  return (share) => format.format(Math.floor(100 * share) / 100);
}

function size(bytes: number, language: string): string {
  const format = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  return bytes >= 2 ** 20 ? `${format.format(bytes / 2 ** 20)} MB` : `${format.format(bytes / 2 ** 10)} kB`;
}
