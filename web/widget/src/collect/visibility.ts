// Whether anybody could see the page.

import type { Collect } from "./observe.js";
import { whole } from "./sums.js";

export const visibility: Collect = ({ page, scope, now }) => {
  let hides = 0;
  let hiddenMillis = 0;
  let wasVisible = !page.hidden;
  let since = page.hidden ? now() : undefined;

  scope.on(page, "visibilitychange", () => {
    if (page.hidden) {
      hides++;
      since = now();
    } else {
      wasVisible = true;
      if (since !== undefined) hiddenMillis += now() - since;
      since = undefined;
    }
  });

  return () => ({
    hides: whole(hides),
    hidden_millis: whole(hiddenMillis + (since === undefined ? 0 : now() - since)),
    hidden_throughout: !wasVisible,
  });
};
