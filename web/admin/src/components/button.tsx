import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.js";

interface Props {
  children: ComponentChildren;
  kind?: "primary" | "plain" | "danger";
  icon?: IconName;
  type?: "button" | "submit";
  disabled?: boolean;
  /** It is at work; a second press does nothing. */
  busy?: boolean;
  onClick?: () => void;
}

export function Button({ children, kind = "plain", icon, type = "button", disabled = false, busy = false, onClick }: Props) {
  return (
    <button class={`button ${kind}`} type={type} disabled={disabled} aria-disabled={busy} aria-busy={busy} onClick={busy ? (event) => event.preventDefault() : onClick}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
