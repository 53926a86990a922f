// The rhythm of typing. Which key it was is not looked at.

import type { Collect } from "./observe.js";
import { Spread, whole } from "./sums.js";

/** A longer pause is thinking and not typing. */
const PAUSE_MILLIS = 2_000;

export const keys: Collect = ({ page, scope, now }) => {
  const between = new Spread();
  const held = new Spread();
  let presses = 0;
  let untrusted = 0;
  let down = 0;
  let lastDown: number | undefined;

  scope.on(
    page,
    "keydown",
    ({ repeat, isTrusted }: KeyboardEvent) => {
      if (repeat) return;
      const at = now();
      presses++;
      down++;
      if (!isTrusted) untrusted++;
      if (lastDown !== undefined && at - lastDown < PAUSE_MILLIS) between.add(at - lastDown);
      lastDown = at;
    },
    { passive: true, capture: true },
  );

  scope.on(
    page,
    "keyup",
    () => {
      // With one key down there is no need to know which one comes up.
      if (down === 1 && lastDown !== undefined) held.add(now() - lastDown);
      down = Math.max(0, down - 1);
    },
    { passive: true, capture: true },
  );

  return () => ({
    presses: whole(presses),
    untrusted: whole(untrusted),
    between_millis: between.average(),
    between_cv_percent: between.cvPercent(),
    held_millis: held.average(),
    held_cv_percent: held.cvPercent(),
  });
};
