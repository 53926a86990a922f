// How a pointer moves: how far, how straight, how evenly. Hands draw bows and pause; scripts draw lines or none at all.

import type { Collect } from "./observe.js";
import { Spread, whole } from "./sums.js";

/** Straightness is taken over so many moves at a time. */
const STRETCH = 16;

export const pointer: Collect = ({ page, scope, now }) => {
  const speed = new Spread();
  let moves = 0;
  let presses = 0;
  let touches = 0;
  let untrusted = 0;
  let silent = 0;
  let path = 0;
  let straight = 0;
  let steps = 0;
  let flips = 0;
  let rising = false;
  let before = 0;
  let last: { x: number; y: number; at: number } | undefined;
  let from: { x: number; y: number } | undefined;

  /** What the stretch so far is as the crow flies; the next begins where it ends. */
  function endStretch(): void {
    if (from !== undefined && last !== undefined) straight += Math.hypot(last.x - from.x, last.y - from.y);
    from = last;
    steps = 0;
  }

  function pace(now: number): void {
    speed.add(now);
    if (now === before) return;
    if (rising !== (rising = now > before)) flips++;
    before = now;
  }

  scope.on(
    page,
    "pointermove",
    ({ clientX: x, clientY: y, isTrusted }: PointerEvent) => {
      const at = now();
      moves++;
      if (!isTrusted) untrusted++;
      if (last !== undefined) {
        const step = Math.hypot(x - last.x, y - last.y);
        path += step;
        if (at > last.at) pace(step / (at - last.at));
      }
      last = { x, y, at };
      from ??= last;
      if (++steps === STRETCH) endStretch();
    },
    { passive: true, capture: true },
  );

  scope.on(
    page,
    "pointerdown",
    ({ pointerType, isTrusted }: PointerEvent) => {
      presses++;
      if (pointerType === "touch") touches++;
      if (!isTrusted) untrusted++;
      // A finger comes down somewhere else without a way there.
      endStretch();
      last = from = undefined;
    },
    { passive: true, capture: true },
  );

  scope.on(
    page,
    "click",
    ({ isTrusted, detail }: MouseEvent) => {
      if (isTrusted && detail === 0) silent++;
    },
    { passive: true, capture: true },
  );

  return () => {
    endStretch();
    return {
      moves: whole(moves),
      presses: whole(presses),
      touches: whole(touches),
      untrusted: whole(untrusted),
      /** Presses of the browser's own without a pointer: by a key, a screen reader, a voice. A script cannot make them. */
      silent: whole(silent),
      path_pixels: whole(path),
      straight_percent: path === 0 ? 0 : whole(Math.min(100, (100 * straight) / path)),
      speed_cv_percent: speed.cvPercent(),
      /** How often it went from getting faster to getting slower or back. */
      speed_flips_percent: whole((100 * flips) / speed.count),
    };
  };
};
