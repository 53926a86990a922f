// Labelled fields. Each says what it is for above, how to fill it in below, and what is wrong with it beside that.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Common {
  label: string;
  help?: ComponentChildren;
  problem?: string | undefined;
  required?: boolean;
}

interface TextProps extends Common {
  value: string;
  onInput: (value: string) => void;
  type?: "text" | "password" | "search" | "datetime-local" | "number";
  autocomplete?: string;
  inputMode?: "text" | "numeric" | "decimal";
  placeholder?: string;
  autofocus?: boolean;
  min?: number;
  max?: number;
  list?: string[];
  /** Technical text: no spelling, one width. */
  code?: boolean;
}

export function TextField(props: TextProps) {
  const { label, value, onInput, type = "text", list, code, autofocus, help, problem, required, ...rest } = props;
  const id = useId();
  return (
    <Labelled id={id} label={label} help={help} problem={problem}>
      <input
        {...(rest as object)}
        {...({ type } as object)}
        id={id}
        class={code ? "input code" : "input"}
        value={value}
        required={required ?? false}
        spellcheck={false}
        autoCapitalize="off"
        ref={(input) => void (autofocus && input && !input.dataset["focused"] && ((input.dataset["focused"] = "1"), input.focus()))}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-help`}
        list={list ? `${id}-list` : undefined}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {list && (
        <datalist id={`${id}-list`}>
          {list.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </Labelled>
  );
}

interface AreaProps extends Common {
  value: string;
  onInput: (value: string) => void;
  rows?: number;
}

export function TextArea({ label, value, onInput, rows = 5, help, problem, required }: AreaProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} help={help} problem={problem}>
      <textarea
        id={id}
        class="input code"
        rows={rows}
        value={value}
        required={required ?? false}
        spellcheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-help`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </Labelled>
  );
}

interface SelectProps<Value extends string> extends Common {
  value: Value;
  options: ReadonlyArray<readonly [Value, string]>;
  onChange: (value: Value) => void;
}

export function Select<Value extends string>({ label, value, options, onChange, help, problem }: SelectProps<Value>) {
  const id = useId();
  return (
    <Labelled id={id} label={label} help={help} problem={problem}>
      <select id={id} class="input" value={value} aria-describedby={`${id}-help`} onChange={(event) => onChange(event.currentTarget.value as Value)}>
        {options.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

interface CheckProps {
  label: ComponentChildren;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}

export function Check({ label, checked, onChange, disabled = false }: CheckProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} disabled={disabled} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

/** On or off at once, as a light switch. */
export function Toggle({ label, checked, onChange, disabled = false }: CheckProps) {
  return (
    <label class="check">
      <input class="toggle" type="checkbox" role="switch" checked={checked} disabled={disabled} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

function Labelled({ id, label, help, problem, children }: Common & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      <div class="help" id={`${id}-help`}>
        {help}
        {problem && <p class="wrong">{problem}</p>}
      </div>
    </div>
  );
}
