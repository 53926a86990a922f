import { useEffect, useState } from "preact/hooks";
import { TextField } from "../../components/field.js";

interface Props {
  label: string;
  help?: string;
  value: string;
  inputMode?: "text" | "decimal";
  min?: number;
  max?: number;
  onSet: (value: string) => void;
}

/** A text that is set when the field is left or Enter is pressed, and not with every key. */
export function LeftField({ value, onSet, ...rest }: Props) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  function leave(): void {
    if (text.trim() !== value) onSet(text.trim());
  }
  return (
    <div onFocusOut={leave} onKeyDown={(event) => event.key === "Enter" && leave()}>
      <TextField {...rest} value={text} onInput={setText} />
    </div>
  );
}
