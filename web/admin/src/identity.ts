// Signing in by the identity provider: there, and back with what it sends along.

import { api, type SessionState } from "./client.js";

/** Where the provider sends people back to. */
const BACK = "/signed-in";

export interface Back {
  code: string | null;
  state: string | null;
  iss: string | null;
  /** What the provider says when it signs nobody in (RFC 6749, section 4.1.2.1). */
  error: string | null;
}

/** Goes to the provider. */
export async function goToProvider(): Promise<void> {
  const { url } = await api.session.identityQuestion();
  location.assign(url);
}

/** What the provider sent along, once: a code in the address is nothing to be kept or shown. */
export function takeBack(): Back | undefined {
  if (location.pathname !== BACK) return undefined;
  const search = new URLSearchParams(location.search);
  history.replaceState(null, "", "/");
  return { code: search.get("code"), state: search.get("state"), iss: search.get("iss"), error: search.get("error") };
}

export function signInWith(back: Back): Promise<SessionState> {
  return api.session.identity({ code: back.code ?? "", state: back.state ?? "", iss: back.iss });
}
