import { useState } from "preact/hooks";
import type { Problem } from "../../call.js";
import { api, type Me, type TotpProposal } from "../../client.js";
import { Button } from "../../components/button.js";
import { TextField } from "../../components/field.js";
import { Badge, Section } from "../../components/parts.js";
import { Wrong } from "../../components/states.js";
import { toast } from "../../components/toast.js";
import { problemOf } from "../../load.js";
import { words } from "../../text.js";
import type en from "./en.json";

const t = words<typeof en>("account");

/** Codes of an authenticator app: the password first, then the secret, then the first code. */
export function TotpSection({ me, onDone }: { me: Me; onDone: () => void }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [proposal, setProposal] = useState<TotpProposal>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function step(): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    const again = { password: me.has_password ? password : null };
    try {
      if (me.has_totp) {
        await api.me.removeTotp(again);
        done(t("totp_removed"));
      } else if (proposal) {
        await api.me.confirmTotp({ code });
        done(t("totp_confirmed"));
      } else {
        setProposal(await api.me.proposeTotp(again));
      }
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  }
  function done(said: string): void {
    setProposal(undefined);
    setPassword("");
    setCode("");
    toast(said);
    onDone();
  }
  return (
    <Section title={t("totp")} lead={t("totp_lead")}>
      <p>{me.has_totp ? <Badge tone="ok">{t("totp_on")}</Badge> : <Badge tone="off">{t("totp_off")}</Badge>}</p>
      <form
        class="form narrow"
        onSubmit={(event) => {
          event.preventDefault();
          void step();
        }}
      >
        {proposal ? (
          <>
            <p>{t("totp_scan")}</p>
            <p>
              <a href={proposal.link}>{t("totp_open")}</a>
            </p>
            <p class="code secret">{proposal.secret.match(/.{1,4}/g)?.join(" ")}</p>
            <TextField label={t("totp_code")} value={code} onInput={setCode} inputMode="numeric" autocomplete="one-time-code" required autofocus code />
          </>
        ) : (
          me.has_password && <TextField label={t("password_again")} type="password" value={password} onInput={setPassword} autocomplete="current-password" required />
        )}
        <Wrong problem={problem} />
        <Button type="submit" busy={busy} kind={me.has_totp ? "danger" : "plain"}>
          {me.has_totp ? t("totp_remove") : proposal ? t("totp_confirm") : t("totp_set_up")}
        </Button>
      </form>
    </Section>
  );
}
