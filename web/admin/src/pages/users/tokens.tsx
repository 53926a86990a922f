import { useState } from "preact/hooks";
import { api, type Role, type TokenShown } from "../../client.js";
import { FormDialog } from "../../components/action.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { EndField, endOf, type End } from "../../components/end.js";
import { Check, Select, TextField } from "../../components/field.js";
import { Section, When } from "../../components/parts.js";
import { Ready } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { toast } from "../../components/toast.js";
import { useLoad } from "../../load.js";
import { words } from "../../text.js";
import type en from "./en.json";
import { roleOptions } from "./index.js";

const t = words<typeof en>("users");
const shared = words<typeof import("../../shell/en.json")>("shell");

type Open = { kind: "add" } | { kind: "secret"; secret: string } | { kind: "revoke"; name: string };

export function TokensSection() {
  const [loaded, reload] = useLoad((signal) => api.tokens.list(signal), []);
  const [open, setOpen] = useState<Open>();
  const close = (): void => {
    setOpen(undefined);
    reload();
  };
  return (
    <Section title={t("tokens")} lead={t("tokens_lead")}>
      <Ready loaded={loaded} onRetry={reload}>
        {({ tokens, resources }) => (
          <>
            {tokens.length === 0 ? <p class="quiet">{t("tokens_none")}</p> : <TokensTable tokens={tokens} onRevoke={(name) => setOpen({ kind: "revoke", name })} />}
            <div class="actions">
              <Button icon="add" onClick={() => setOpen({ kind: "add" })}>
                {t("token_add")}
              </Button>
            </div>
            {open?.kind === "add" && <AddDialog resources={resources} onClose={close} onAdded={(secret) => setTimeout(() => setOpen({ kind: "secret", secret }))} />}
          </>
        )}
      </Ready>
      {open?.kind === "secret" && (
        <Dialog title={t("token_add")} onClose={close}>
          <p>{t("token_secret")}</p>
          <p class="code secret">{open.secret}</p>
        </Dialog>
      )}
      {open?.kind === "revoke" && (
        <FormDialog title={t("token_revoke")} submit={t("token_revoke")} danger onClose={close} onSubmit={() => api.tokens.revoke(open.name).then(() => toast(t("token_revoked")))}>
          <p>{t("token_revoking", { name: open.name })}</p>
        </FormDialog>
      )}
    </Section>
  );
}

function TokensTable({ tokens, onRevoke }: { tokens: TokenShown[]; onRevoke: (name: string) => void }) {
  return (
    <Table
      caption={t("tokens")}
      rows={tokens}
      rowKey={(token) => token.name}
      columns={[
        { key: "name", name: shared("name"), cell: (token) => <strong>{token.name}</strong> },
        { key: "role", name: t("role"), cell: (token) => shared(`role_${token.role}`) },
        { key: "resources", name: t("token_resources"), cell: (token) => token.resources.join(", ") || t("all") },
        { key: "until", name: shared("until"), cell: (token) => <When time={token.until} none={shared("no_end")} /> },
        { key: "used", name: t("column_used"), cell: (token) => <When time={token.used} /> },
        { key: "creator", name: t("column_creator"), cell: (token) => token.creator },
        { key: "revoke", name: t("token_revoke"), cell: (token) => <Button onClick={() => onRevoke(token.name)}>{t("token_revoke")}</Button> },
      ]}
    />
  );
}

function AddDialog({ resources, onClose, onAdded }: { resources: string[]; onClose: () => void; onAdded: (secret: string) => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("analyst");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [end, setEnd] = useState<End>({ span: "30d", at: "" });
  const add = (): Promise<void> => api.tokens.add({ name, role, resources: [...chosen], until: endOf(end) }).then(({ secret }) => onAdded(secret));
  return (
    <FormDialog title={t("token_add")} submit={t("token_add")} onClose={onClose} onSubmit={add}>
      <TextField label={shared("name")} value={name} onInput={setName} required autofocus />
      <Select label={t("role")} value={role} options={roleOptions()} onChange={setRole} />
      <fieldset class="group">
        <legend>{t("token_resources")}</legend>
        <p class="help">{t("token_resources_help")}</p>
        <div class="choices">
          {resources.map((one) => (
            <Check key={one} label={one} checked={chosen.includes(one)} onChange={(on) => setChosen(on ? [...chosen, one] : chosen.filter((other) => other !== one))} />
          ))}
        </div>
      </fieldset>
      <EndField end={end} onChange={setEnd} endless />
    </FormDialog>
  );
}
