import { useRef } from "preact/hooks";
import type { Draft, Wrong } from "../../client.js";
import { Section } from "../../components/parts.js";
import { Notice } from "../../components/states.js";
import { words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("policy");

/** The text, and everything that is wrong with it; a problem puts the caret where it is. */
export function TextView({ draft, may, onWrite }: { draft: Draft; may: boolean; onWrite: (text: string) => void }) {
  const area = useRef<HTMLTextAreaElement>(null);
  function show(problem: Wrong): void {
    const lines = draft.text.split("\n");
    const before = lines.slice(0, problem.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    const start = before + [...(lines[problem.line - 1] ?? "")].slice(0, problem.column - 1).join("").length;
    area.current?.focus();
    area.current?.setSelectionRange(start, start + problem.length);
    if (area.current) area.current.scrollTop = Math.max(0, (problem.line - 6) * LINE_PIXELS);
  }
  return (
    <Section title={t("view_text")} lead={t("text_lead")}>
      <textarea
        ref={area}
        class="input code policy-text"
        aria-label={t("view_text")}
        value={draft.text}
        readOnly={!may}
        spellcheck={false}
        wrap="off"
        rows={28}
        onInput={(event) => onWrite(event.currentTarget.value)}
      />
      <div role="status">
        {draft.problems.length === 0 ? (
          <Notice kind="ok">{t("problems_none")}</Notice>
        ) : (
          <ol class="problems">
            {draft.problems.map((problem) => (
              <li key={`${problem.line}:${problem.column} ${problem.message}`}>
                <button class="row-opener" type="button" onClick={() => show(problem)}>
                  {t("line", { line: problem.line, column: problem.column })}
                </button>{" "}
                <span lang="en">{problem.message}</span>
                <pre>{caret(draft.text, problem)}</pre>
                <p class="quiet" lang="en">
                  {problem.help}
                </p>
              </li>
            ))}
          </ol>
        )}
      </div>
    </Section>
  );
}

/** As `line-height` of the text has it. */
const LINE_PIXELS = 20;

/** The line with the place under it, as the command line shows it. */
function caret(text: string, { line, column, length }: Wrong): string {
  const written = text.split("\n")[line - 1] ?? "";
  const room = Math.max(1, [...written].length - column + 1);
  return `${written}\n${" ".repeat(column - 1)}${"^".repeat(Math.min(length, room))}`;
}
