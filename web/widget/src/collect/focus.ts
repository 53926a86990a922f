// In which order fields are entered, and which are filled that nobody entered. What is in them is not looked at, only
// whether something is.

import type { Collect } from "./observe.js";
import { fieldsOf, isField } from "./fields.js";
import { whole } from "./sums.js";

export const focus: Collect = ({ page, form, scope }) => {
  const entered = new WeakSet<Element>();
  let fields = 0;
  let backwards = 0;
  let last: Element | undefined;

  scope.on(
    form ?? page,
    "focusin",
    ({ target }: FocusEvent) => {
      if (!isField(target)) return;
      if (!entered.has(target)) fields++;
      entered.add(target);
      if (last !== undefined && last.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING) backwards++;
      last = target;
    },
    { passive: true, capture: true },
  );

  return () => {
    const filled = fieldsOf(form).filter((field) => field.value !== field.defaultValue);
    return {
      fields: whole(fields),
      backwards: whole(backwards),
      filled: whole(filled.length),
      filled_unentered: whole(filled.filter((field) => !entered.has(field)).length),
      autofilled: whole(filled.filter(isAutofilled).length),
    };
  };
};

function isAutofilled(field: Element): boolean {
  try {
    return field.matches(":autofill");
  } catch {
    // A selector that some browsers do not know.
    return false;
  }
}
