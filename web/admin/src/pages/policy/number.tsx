import { useEffect, useState } from "preact/hooks";
import { TextField } from "../../components/field.js";

interface Props {
  label: string;
  help?: string;
  value: number | null | undefined;
  min: number;
  max?: number;
  step?: number;
  onSet: (value: number | null) => void;
}

/** A number that is set when the field is left or Enter is pressed, and not with every key. */
export function NumberField({ label, help, value, min, max, onSet }: Props) {
  const shown = value === null || value === undefined ? "" : String(value);
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  function leave(): void {
    const parsed = text.trim() === "" ? null : Number(text);
    if (text !== shown && !Number.isNaN(parsed)) onSet(parsed);
  }
  return (
    <div onFocusOut={leave} onKeyDown={(event) => event.key === "Enter" && leave()}>
      <TextField label={label} help={help} value={text} onInput={setText} inputMode="decimal" min={min} {...(max === undefined ? {} : { max })} />
    </div>
  );
}
