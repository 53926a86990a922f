// Users of the panel, and tokens of programs.

import { useState } from "preact/hooks";
import { api, type OneTimeLink, type Role, type UserShown } from "../../client.js";
import { FormDialog, act } from "../../components/action.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { Select, TextField } from "../../components/field.js";
import { Badge, PageHead, Section, When } from "../../components/parts.js";
import { Ready } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { toast, toastProblem } from "../../components/toast.js";
import { problemOf, useLoad } from "../../load.js";
import { moment, words } from "../../text.js";
import type en from "./en.json";
import { TokensSection } from "./tokens.js";

const t = words<typeof en>("users");
const shared = words<typeof import("../../shell/en.json")>("shell");
const ROLES: readonly Role[] = ["admin", "operator", "analyst", "support"];
export const roleOptions = (): Array<[Role, string]> => ROLES.map((role) => [role, shared(`role_${role}`)]);

type Open = { kind: "add" } | { kind: "link"; name: string; link: OneTimeLink } | { kind: "remove"; name: string };

export function UsersPage() {
  const [loaded, reload] = useLoad((signal) => api.users.list(signal), []);
  const [open, setOpen] = useState<Open>();
  const close = (): void => {
    setOpen(undefined);
    reload();
  };
  const link = (name: string): void =>
    void api.users.link(name).then(
      (link) => setOpen({ kind: "link", name, link }),
      (error: unknown) => toastProblem(problemOf(error)),
    );
  return (
    <>
      <PageHead title={t("title")} lead={t("lead")}>
        <Button kind="primary" icon="add" onClick={() => setOpen({ kind: "add" })}>
          {t("add")}
        </Button>
      </PageHead>
      <Section title={t("users")} lead={t("role_help")}>
        <Ready loaded={loaded} onRetry={reload}>
          {({ users }) => <UsersTable users={users} onChanged={reload} onLink={link} onRemove={(name) => setOpen({ kind: "remove", name })} />}
        </Ready>
      </Section>
      <TokensSection />
      {open?.kind === "add" && <AddDialog onClose={close} onAdded={(name, link) => setTimeout(() => setOpen({ kind: "link", name, link }))} />}
      {open?.kind === "link" && <LinkDialog name={open.name} link={open.link} onClose={close} />}
      {open?.kind === "remove" && <RemoveDialog name={open.name} onClose={close} />}
    </>
  );
}

interface TableProps {
  users: UserShown[];
  onChanged: () => void;
  onLink: (name: string) => void;
  onRemove: (name: string) => void;
}

function UsersTable({ users, onChanged, onLink, onRemove }: TableProps) {
  return (
    <Table
      caption={t("users")}
      rows={users}
      rowKey={(user) => user.name}
      columns={[
        {
          key: "name",
          name: shared("name"),
          cell: (user) => (
            <>
              <strong>{user.name}</strong> {user.is_disabled && <Badge tone="warning">{t("kept_out")}</Badge>}
            </>
          ),
        },
        {
          key: "role",
          name: t("role"),
          cell: (user) => (
            <select class="input" aria-label={`${t("role")}: ${user.name}`} value={user.role} onChange={(event) => void act(api.users.role(user.name, { role: event.currentTarget.value as Role }), t("role_changed"), onChanged)}>
              {roleOptions().map(([role, text]) => (
                <option key={role} value={role}>
                  {text}
                </option>
              ))}
            </select>
          ),
        },
        { key: "ways", name: t("column_ways"), cell: ways },
        { key: "seen", name: t("column_seen"), cell: (user) => <When time={user.last_seen} /> },
        {
          key: "do",
          name: shared("change"),
          cell: (user) => (
            <div class="actions">
              {!user.is_disabled && !user.has_identity && <Button onClick={() => onLink(user.name)}>{t("link")}</Button>}
              <Button onClick={() => void act(api.users.state(user.name, { is_disabled: !user.is_disabled }), t(user.is_disabled ? "let_in_done" : "keep_out_done"), onChanged)}>
                {t(user.is_disabled ? "let_in" : "keep_out")}
              </Button>
              <Button onClick={() => onRemove(user.name)}>{t("remove")}</Button>
            </div>
          ),
        },
      ]}
    />
  );
}

function ways(user: UserShown): string {
  const has = [user.has_password && t("way_password"), user.has_totp && t("way_totp"), user.passkeys > 0 && t("way_passkey"), user.has_identity && t("way_identity")];
  return has.filter(Boolean).join(", ") || t("ways_none");
}

function AddDialog({ onClose, onAdded }: { onClose: () => void; onAdded: (name: string, link: OneTimeLink) => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("operator");
  const add = (): Promise<void> => api.users.add({ name, role }).then((link) => onAdded(name, link));
  return (
    <FormDialog title={t("add")} submit={t("add")} onClose={onClose} onSubmit={add}>
      <TextField label={shared("name")} value={name} onInput={setName} required autofocus />
      <Select label={t("role")} help={t("role_help")} value={role} options={roleOptions()} onChange={setRole} />
    </FormDialog>
  );
}

function LinkDialog({ name, link, onClose }: { name: string; link: OneTimeLink; onClose: () => void }) {
  const address = `${location.origin}${link.path}`;
  return (
    <Dialog title={t("link")} onClose={onClose}>
      <p>{t("link_lead", { name, until: moment(link.until) })}</p>
      <p class="code secret">{address}</p>
      <div class="actions">
        <Button onClick={() => void navigator.clipboard.writeText(address).then(() => toast(t("link_copied")))}>{t("link_copy")}</Button>
      </div>
    </Dialog>
  );
}

function RemoveDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const remove = (): Promise<void> => api.users.remove(name).then(() => toast(t("removed")));
  return (
    <FormDialog title={t("removing", { name })} submit={t("remove")} danger onClose={onClose} onSubmit={remove}>
      <p>{t("remove_lead")}</p>
    </FormDialog>
  );
}
