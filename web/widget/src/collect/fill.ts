// How long filling the form in took.

import type { Collect } from "./observe.js";
import { isField } from "./fields.js";
import { whole } from "./sums.js";

export const fill: Collect = ({ page, form, scope, now }) => {
  const start = now();
  let first: number | undefined;
  let last = start;
  let inputs = 0;
  let untrusted = 0;

  scope.on(
    form ?? page,
    "input",
    ({ target, isTrusted }: Event) => {
      if (!isField(target)) return;
      last = now();
      first ??= last;
      inputs++;
      if (!isTrusted) untrusted++;
    },
    { passive: true, capture: true },
  );

  return () => ({
    inputs: whole(inputs),
    untrusted: whole(untrusted),
    /** From when the widget was there to the first input. */
    before_millis: whole((first ?? now()) - start),
    /** From the first input to the last. */
    millis: first === undefined ? 0 : whole(last - first),
  });
};
