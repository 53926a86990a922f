import { useState } from "preact/hooks";
import { api, type Me } from "../../client.js";
import { act, useAction } from "../../components/action.js";
import { Button } from "../../components/button.js";
import { TextField } from "../../components/field.js";
import { Section, When } from "../../components/parts.js";
import { Notice, Ready, Wrong } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { toast } from "../../components/toast.js";
import { useLoad } from "../../load.js";
import { makePasskey, passkeysWork } from "../../passkey.js";
import { words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("account");
const shared = words<typeof import("../../shell/en.json")>("shell");

export function PasskeysSection({ me }: { me: Me }) {
  const [loaded, reload] = useLoad((signal) => api.me.passkeys(signal), []);
  return (
    <Section title={t("passkeys")} lead={t("passkeys_lead")}>
      <Ready loaded={loaded} onRetry={reload}>
        {({ passkeys }) =>
          passkeys.length === 0 ? (
            <p class="quiet">{t("passkeys_none")}</p>
          ) : (
            <Table
              caption={t("passkeys")}
              rows={passkeys}
              rowKey={(passkey) => passkey.id}
              columns={[
                { key: "label", name: shared("name"), cell: (passkey) => <strong>{passkey.label}</strong> },
                { key: "created", name: t("session_created"), cell: (passkey) => <When time={passkey.created} /> },
                { key: "used", name: t("passkey_used"), cell: (passkey) => <When time={passkey.used} /> },
                { key: "remove", name: shared("remove"), cell: (passkey) => <Button onClick={() => void act(api.me.removePasskey(passkey.id), t("passkey_removed"), reload)}>{shared("remove")}</Button> },
              ]}
            />
          )
        }
      </Ready>
      {passkeysWork() ? <MakeForm me={me} onMade={reload} /> : <Notice>{t("passkeys_host")}</Notice>}
    </Section>
  );
}

function MakeForm({ me, onMade }: { me: Me; onMade: () => void }) {
  const [label, setLabel] = useState("");
  const [password, setPassword] = useState("");
  const { busy, problem, run } = useAction();
  return (
    <form
      class="form narrow"
      onSubmit={(event) => {
        event.preventDefault();
        void run(() => makePasskey(me.has_password ? password : null, label)).then((done) => {
          if (!done) return;
          setLabel("");
          setPassword("");
          toast(t("passkey_made"));
          onMade();
        });
      }}
    >
      <TextField label={t("passkey_label")} help={t("passkey_label_help")} value={label} onInput={setLabel} required />
      {me.has_password && <TextField label={t("passkey_password")} type="password" value={password} onInput={setPassword} autocomplete="current-password" required />}
      <Wrong problem={problem} />
      <Button type="submit" busy={busy}>
        {t("passkey_make")}
      </Button>
    </form>
  );
}
