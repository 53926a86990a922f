// A dialog over the page. The browser's own keeps the focus in it, closes on Escape; the focus comes back when it is closed.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { words } from "../text.js";
import type en from "../shell/en.json";
import { Icon } from "./icon.js";

const t = words<typeof en>("shell");

interface Props {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  /** From the right, for what is long. */
  side?: boolean;
}

export function Dialog({ title, onClose, children, side = false }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    // Who opened a form wants to fill it in, not to close it.
    element?.querySelector<HTMLElement>("form :is(input, select, textarea)")?.focus();
    return () => {
      // As long as it is open, nothing outside of it can have the focus.
      element?.close();
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={side ? "dialog side" : "dialog"}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button class="button icon-only" type="button" aria-label={t("close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}
