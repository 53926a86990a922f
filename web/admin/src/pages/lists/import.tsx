import { useState } from "preact/hooks";
import { api, type ListImported, type ListName } from "../../client.js";
import { FormDialog } from "../../components/action.js";
import { TextArea, TextField } from "../../components/field.js";
import { Notice } from "../../components/states.js";
import { toast } from "../../components/toast.js";
import { words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("lists");

/** Many entries at once: all of them, or none and what is wrong with which line. */
export function ImportDialog({ list, onClose }: { list: ListName; onClose: () => void }) {
  const [text, setText] = useState("");
  const [note, setNote] = useState("");
  const [problems, setProblems] = useState<ListImported["problems"]>([]);
  async function take(): Promise<void> {
    const result = await api.lists.import({ list, text, note });
    setProblems(result.problems);
    if (result.problems.length > 0) throw new Error(t("import_wrong", { line: result.problems[0]?.line ?? 0, problem: result.problems[0]?.problem ?? "" }));
    toast(t("import_done", { made: result.made, same: result.same }));
  }
  return (
    <FormDialog title={`${t("import")}: ${t(list)}`} submit={t("import")} onClose={onClose} onSubmit={take}>
      <TextArea label={t("import_text")} help={t("import_help")} value={text} onInput={setText} rows={10} required />
      <TextField label={t("note")} value={note} onInput={setNote} />
      {problems.length > 1 && (
        <Notice kind="danger">
          <ul>
            {problems.map((one) => (
              <li key={one.line}>{t("import_wrong", { line: one.line, problem: one.problem })}</li>
            ))}
          </ul>
        </Notice>
      )}
    </FormDialog>
  );
}
