// How often something was pasted or dropped into a field, not what.

import type { Collect } from "./observe.js";
import { isField } from "./fields.js";
import { whole } from "./sums.js";

export const paste: Collect = ({ page, form, scope }) => {
  const into = new WeakSet<Element>();
  let pastes = 0;
  let fields = 0;

  for (const type of ["paste", "drop"]) {
    scope.on(
      form ?? page,
      type,
      ({ target }: Event) => {
        if (!isField(target)) return;
        pastes++;
        if (!into.has(target)) fields++;
        into.add(target);
      },
      { passive: true, capture: true },
    );
  }

  return () => ({ pastes: whole(pastes), fields: whole(fields) });
};
