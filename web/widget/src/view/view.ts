// What the visitor sees and hears of a widget: a small box in its place, or in a dialog where it has no place.

import type { State } from "../controller.js";
import type { Texts } from "../languages.js";
import type { Pressed } from "../protocol.js";
import type { Size } from "../types.js";
import { content, type Content } from "./content.js";
import { icon } from "./icon.js";

export interface Shown {
  readonly state: State;
  /** A form waits for the token. */
  readonly held: boolean;
  readonly size: Size;
  readonly texts: Texts;
  readonly language: string;
  /** In a dialog over the page. */
  readonly dialog: boolean;
}

export interface Actions {
  /** Of the button, in every state that has one. */
  go(by: Pressed["by"]): void;
  /** Of the dialog. */
  cancel(): void;
}

export class View {
  private readonly box = element("div", "box");
  private readonly words = element("div", "words");
  private readonly text = element("p", "text");
  private readonly code = element("p", "code");
  private readonly bar = element("progress", "");
  private readonly button = element("button", "go");
  private readonly cancel = element("button", "cancel");
  private readonly live = element("p", "unseen");
  private readonly frame: HTMLDialogElement = element("dialog", "");
  private mark: SVGSVGElement | undefined;
  private said = "";

  constructor(
    private readonly root: ShadowRoot,
    actions: Actions,
  ) {
    this.box.setAttribute("role", "group");
    this.box.tabIndex = -1;
    this.live.setAttribute("role", "status");
    this.bar.max = 100;
    for (const button of [this.button, this.cancel]) button.type = "button";
    this.words.append(this.text, this.code);
    this.box.append(this.words, this.button, this.cancel, this.bar);
    root.append(this.box, this.frame, this.live);
    // Not every press comes from a pointer or a key: a screen reader or a switch presses by itself.
    this.button.onclick = (event) => actions.go(pressedBy(event));
    // Whoever still holds the key that sent the form has not pressed this one.
    this.button.onkeydown = (event) => {
      if (event.repeat) event.preventDefault();
    };
    this.cancel.onclick = () => actions.cancel();
    this.frame.addEventListener("cancel", (event) => (event.preventDefault(), actions.cancel()));
  }

  show(shown: Shown): void {
    const { state, held, size, texts, language, dialog } = shown;
    const { text: told, code, go, icon: mark } = content(state, held, texts);
    // In its place the button stands among the form's fields; a dialog has to say what it is about.
    const text = told ?? (dialog ? texts.name : undefined);
    for (const node of [this.box, this.frame]) {
      node.lang = language;
      node.dir = texts.dir;
      node.setAttribute("aria-label", texts.name);
    }
    this.live.lang = language;
    this.box.className = `box ${dialog ? "flexible" : size} ${state.is}`;
    put(this.text, text);
    put(this.code, code);
    // A dialog that opens gives the focus to the box: the button takes it from there.
    this.place(dialog);
    this.putButton(go);
    put(this.cancel, dialog ? texts.cancel : undefined);
    this.words.hidden = text === undefined && code === undefined;
    this.bar.hidden = state.is !== "working";
    this.bar.setAttribute("aria-label", texts.working);
    if (state.is === "working") this.bar.value = Math.round(100 * state.share);
    this.setMark(mark);
    this.say([text ?? go, code].filter(Boolean).join(" "));
  }

  /** Where a form waits, the visitor is led to what is left to do. */
  focus(): void {
    if (!this.button.hidden) this.button.focus();
  }

  /** A button that goes takes the focus along, to the top of the page: the box keeps it until there is a button again. */
  private putButton(go: string | undefined): void {
    const { activeElement } = this.root;
    if (go === undefined && activeElement === this.button) this.box.focus({ preventScroll: true });
    put(this.button, go);
    if (activeElement === this.box) this.focus();
  }

  hide(): void {
    this.place(false);
    this.box.hidden = true;
    this.say("");
  }

  private place(dialog: boolean): void {
    this.box.hidden = false;
    if (dialog === this.frame.contains(this.box)) return;
    if (dialog) {
      this.frame.append(this.box);
      // Before 2022 there was no modal dialog everywhere: then it stands in its place.
      if (typeof this.frame.showModal === "function") this.frame.showModal();
      else this.frame.setAttribute("open", "");
    } else {
      if (this.frame.open) this.frame.close?.();
      this.frame.before(this.box);
    }
  }

  private setMark(of: Content["icon"]): void {
    if (this.mark?.dataset["of"] === of) return;
    this.mark?.remove();
    this.mark = of === undefined ? undefined : icon(of);
    if (this.mark === undefined) return;
    this.mark.dataset["of"] = of;
    this.box.prepend(this.mark);
  }

  private say(text: string): void {
    if (text === this.said) return;
    this.said = text;
    this.live.textContent = text;
  }
}

/** A press by keyboard comes as a click without a place; one that no input device made has neither. */
function pressedBy(event: MouseEvent): Pressed["by"] {
  if (!event.isTrusted) return "other";
  return event.detail > 0 ? "pointer" : "key";
}

function put(node: HTMLElement, text: string | undefined): void {
  node.hidden = text === undefined;
  if (text !== undefined && node.textContent !== text) node.textContent = text;
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, className: string): HTMLElementTagNameMap[K] {
  const node = document.createElement(name);
  if (className !== "") node.className = className;
  return node;
}
