// Single values of a draft, changed in its text.

import { ApiError } from "../../call.js";
import { api, type Draft, type PolicyEdit } from "../../client.js";

/** The draft with the edits made; a value that is wrong changes nothing, and says what to write instead. */
export async function edited(draft: Draft, edits: PolicyEdit[]): Promise<Draft> {
  const next = await api.policy.edit({ text: draft.text, edits });
  const [wrong] = next.problems;
  if (wrong) throw new ApiError({ status: 422, code: "wrong", detail: `${wrong.message}: ${wrong.help}` });
  return next;
}
