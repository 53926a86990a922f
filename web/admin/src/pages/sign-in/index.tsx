// Who is not signed in: by the identity provider, by name and password, or by a passkey.

import type { SessionState } from "../../client.js";
import { Notice } from "../../components/states.js";
import type { Back } from "../../identity.js";
import { Preferences } from "../../shell/preferences.js";
import { words } from "../../text.js";
import type en from "./en.json";
import { PasswordForm } from "./password.js";
import { ProviderPart } from "./provider.js";

const t = words<typeof en>("sign-in");

interface Props {
  session: SessionState;
  onEntered: (state: SessionState) => void;
  /** What the identity provider sent along, of somebody who comes from there. */
  back: Back | undefined;
}

export function SignInPage({ session, onEntered, back }: Props) {
  const provider = session.identity_provider;
  return (
    <main class="alone">
      <h1>{t("title")}</h1>
      {provider && <ProviderPart label={provider} back={back} onEntered={onEntered} />}
      {session.is_set_up ? (
        <PasswordForm onEntered={onEntered} />
      ) : (
        <Notice kind="info">
          <p>{t("not_set_up")}</p>
          <pre class="code">spigot admin create NAME</pre>
        </Notice>
      )}
      <Preferences />
    </main>
  );
}
