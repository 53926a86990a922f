import { LeftField } from "./left.js";

interface Props {
  label: string;
  help?: string;
  value: number | null | undefined;
  min: number;
  max?: number;
  step?: number;
  onSet: (value: number | null) => void;
}

/** A number, or nothing. */
export function NumberField({ label, help, value, min, max, onSet }: Props) {
  function set(text: string): void {
    const parsed = text === "" ? null : Number(text);
    if (!Number.isNaN(parsed)) onSet(parsed);
  }
  return (
    <LeftField label={label} {...(help ? { help } : {})} value={value === null || value === undefined ? "" : String(value)} inputMode="decimal" min={min} {...(max === undefined ? {} : { max })} onSet={set} />
  );
}
