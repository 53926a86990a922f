// The operator's own lists, an address for each of the two: #/lists/deny, #/lists/allow.

import { useState } from "preact/hooks";
import { api, type ListEntry, type ListName } from "../../client.js";
import { FormDialog } from "../../components/action.js";
import { Button } from "../../components/button.js";
import { EndField, endOf, local, type End } from "../../components/end.js";
import { Select, TextField } from "../../components/field.js";
import { PageHead, Section, Tabs, When } from "../../components/parts.js";
import { Empty, Ready } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { toast } from "../../components/toast.js";
import { useLoad } from "../../load.js";
import { address, useRoute } from "../../route.js";
import { useMay } from "../../session.js";
import { number, words } from "../../text.js";
import type en from "./en.json";
import { ImportDialog } from "./import.js";

const t = words<typeof en>("lists");
const shared = words<typeof import("../../shell/en.json")>("shell");
const LISTS: readonly ListName[] = ["deny", "allow"];

type Open = { kind: "add" } | { kind: "change"; entry: ListEntry } | { kind: "remove"; entry: ListEntry } | { kind: "import" };

export function ListsPage() {
  const list: ListName = useRoute().parts[0] === "allow" ? "allow" : "deny";
  const mayFind = useMay("read");
  const [find, setFind] = useState("");
  const [loaded, reload] = useLoad((signal) => api.lists.show({ list, find: mayFind ? find : null, limit: SHOWN_MAX }, signal), [list, find], 15_000);
  const [open, setOpen] = useState<Open>();
  const may = useMay("steer");
  const close = (): void => {
    setOpen(undefined);
    reload();
  };
  return (
    <>
      <PageHead title={t("title")} lead={t("lead")}>
        {may && (
          <>
            <Button kind="primary" icon="add" onClick={() => setOpen({ kind: "add" })}>
              {t("add")}
            </Button>
            <Button onClick={() => setOpen({ kind: "import" })}>{t("import")}</Button>
          </>
        )}
      </PageHead>
      <Tabs label={t("title")} current={list} tabs={LISTS.map((name) => ({ name, text: t(name), href: address("lists", [name]) }))} />
      <Section title={t(list)}>
        {mayFind && (
          <div class="narrow">
            <TextField label={shared("find")} type="search" value={find} onInput={setFind} />
          </div>
        )}
        <Ready loaded={loaded} onRetry={reload}>
          {({ entries, found }) => <Entries entries={entries} found={found} isSearched={find !== ""} may={may} onOpen={setOpen} />}
        </Ready>
        {useMay("read") && (
          <div class="actions">
            <a href={api.lists.export({ list, format: "csv" })} download>
              {t("export_csv")}
            </a>
            <a href={api.lists.export({ list, format: "jsonl" })} download>
              {t("export_jsonl")}
            </a>
          </div>
        )}
      </Section>
      {(open?.kind === "add" || open?.kind === "change") && <EntryDialog list={list} entry={open.kind === "change" ? open.entry : undefined} onClose={close} />}
      {open?.kind === "remove" && <RemoveDialog entry={open.entry} onClose={close} />}
      {open?.kind === "import" && <ImportDialog list={list} onClose={close} />}
    </>
  );
}

interface EntriesProps {
  entries: ListEntry[];
  /** How many there are, these among them. */
  found: number;
  isSearched: boolean;
  may: boolean;
  onOpen: (open: Open) => void;
}

/** So many rows at once; whoever has more searches. */
const SHOWN_MAX = 500;

function Entries({ entries, found, isSearched, may, onOpen }: EntriesProps) {
  if (entries.length === 0) return isSearched ? <p class="quiet">{shared("none_found")}</p> : <Empty title={t("empty")}>{t("empty_help")}</Empty>;
  return (
    <>
      <Table
        caption={t("title")}
        rows={entries}
        rowKey={(entry) => `${entry.list} ${entry.subject} ${entry.version}`}
        columns={[
          { key: "subject", name: t("subject"), cell: (entry) => <code>{entry.subject}</code> },
          { key: "note", name: t("column_note"), cell: (entry) => entry.note },
          { key: "hits", name: t("hits"), number: true, cell: (entry) => <Hits entry={entry} /> },
          { key: "until", name: t("column_until"), cell: (entry) => <When time={entry.until} none={shared("no_end")} /> },
          {
            key: "author",
            name: t("column_author"),
            cell: (entry) => (
              <>
                {entry.author}, <When time={entry.since} />
              </>
            ),
          },
          ...(may
            ? [
                {
                  key: "do",
                  name: shared("change"),
                  cell: (entry: ListEntry) => (
                    <div class="actions">
                      <Button onClick={() => onOpen({ kind: "change", entry })}>{shared("change")}</Button>
                      <Button onClick={() => onOpen({ kind: "remove", entry })}>{shared("remove")}</Button>
                    </div>
                  ),
                },
              ]
            : []),
        ]}
      />
      {found > entries.length && <p class="quiet">{t("part", { shown: entries.length, found })}</p>}
    </>
  );
}

function Hits({ entry }: { entry: ListEntry }) {
  if (entry.hits === 0) return <span class="quiet">{t("hits_none")}</span>;
  return (
    <>
      {number(entry.hits)}
      <div class="quiet">
        {t("last_hit")} <When time={entry.last_hit} />
      </div>
    </>
  );
}

function EntryDialog({ list, entry, onClose }: { list: ListName; entry?: ListEntry | undefined; onClose: () => void }) {
  const [onto, setOnto] = useState(list);
  const [subject, setSubject] = useState(entry?.subject ?? "");
  const [note, setNote] = useState(entry?.note ?? "");
  const [end, setEnd] = useState<End>(entry?.until ? { span: "at", at: local(entry.until) } : { span: "none", at: "" });
  async function put(): Promise<void> {
    await api.lists.put({ list: onto, subject, note, until: endOf(end), version: entry?.version ?? null });
    toast(t("added"));
  }
  return (
    <FormDialog title={entry ? t("changing", { subject: entry.subject }) : t("add")} submit={entry ? shared("save") : shared("add")} onClose={onClose} onSubmit={put}>
      {!entry && (
        <>
          <TextField label={t("subject")} help={t("subject_help")} value={subject} onInput={setSubject} required autofocus code />
          <Select label={t("list")} value={onto} options={LISTS.map((name) => [name, t(name)] as const)} onChange={setOnto} />
        </>
      )}
      <TextField label={t("note")} value={note} onInput={setNote} />
      <EndField end={end} onChange={setEnd} endless />
    </FormDialog>
  );
}

function RemoveDialog({ entry, onClose }: { entry: ListEntry; onClose: () => void }) {
  const remove = (): Promise<void> => api.lists.remove(entry.key, String(entry.version)).then(() => toast(t("removed")));
  return (
    <FormDialog title={shared("remove")} submit={shared("remove")} danger onClose={onClose} onSubmit={remove}>
      <p>{t("removing", { subject: entry.subject })}</p>
    </FormDialog>
  );
}

