// What each state says.

import type { State } from "../controller.js";
import type { Texts } from "../languages.js";

export interface Content {
  readonly icon: "working" | "done" | "failed" | undefined;
  readonly text: string | undefined;
  readonly code: string | undefined;
  /** The button's label. */
  readonly go: string | undefined;
}

/** What the page's author has to mend: no visitor can. */
const SETUP = [
  "site_key_missing",
  "site_key_unknown",
  "host_not_allowed",
  "malformed",
  "action_malformed",
  "data_too_long",
  "protocol_unsupported",
  "server_token_invalid",
];
const OFFLINE = ["unreachable", "unavailable", "busy"];
const REFUSED = ["restricted", "throttled", "too_often"];

/** `held`: a form waits for the token. */
export function content(state: State, held: boolean, texts: Texts): Content {
  switch (state.is) {
    case "idle":
      return { icon: undefined, text: undefined, code: undefined, go: texts.press };
    case "working": {
      const text = [state.slow ? texts.slow : texts.working, held ? texts.held : ""].join(" ").trim();
      return { icon: "working", text, code: undefined, go: undefined };
    }
    case "press":
      return { icon: undefined, text: held ? texts.pressHeld : undefined, code: undefined, go: texts.press };
    case "done":
      return { icon: "done", text: texts.done, code: undefined, go: undefined };
    case "expired":
      return { icon: undefined, text: texts.expired, code: undefined, go: texts.again };
    case "failed": {
      const { code, decision } = state;
      const shown = decision === undefined ? code : `${code} ${decision}`;
      return { icon: "failed", text: why(code, texts), code: texts.code.replace("{code}", shown), go: texts.tryAgain };
    }
  }
}

function why(code: string, texts: Texts): string {
  if (SETUP.includes(code)) return texts.setup;
  if (OFFLINE.includes(code) || code.startsWith("http_5")) return texts.offline;
  return REFUSED.includes(code) ? texts.refused : texts.failed;
}
