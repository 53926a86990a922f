// Notices that the visitor goes round in circles: solved, sent on, and back here at once. That is a cookie that the
// browser does not keep or does not send, and asking again does not help.

const KEY = "spigot-returns";
const WINDOW_MILLIS = 60_000;
/** Two tabs and an impatient reload are not yet a loop. */
const RETURNS_MAX = 4;

type Returns = Record<string, number[]>;

export interface LoopGuard {
  /** True when the visitor was sent to `address` too often within a minute. */
  isLooping(address: string): boolean;
  /** Notes that the visitor is being sent to `address`. */
  note(address: string): void;
  forget(): void;
}

/** `storage` throws where a browser's settings forbid it; then the guard knows nothing. `now` is in milliseconds. */
export function createLoopGuard(storage: () => Storage, now: () => number): LoopGuard {
  function recent(): Returns {
    try {
      const kept = JSON.parse(storage().getItem(KEY) ?? "{}") as Returns;
      const since = now() - WINDOW_MILLIS;
      return Object.fromEntries(
        Object.entries(kept)
          .map(([address, times]): [string, number[]] => [address, times.filter((at) => at > since && at <= now())])
          .filter(([, times]) => times.length > 0),
      );
    } catch {
      return {};
    }
  }

  return {
    isLooping: (address) => (recent()[address]?.length ?? 0) >= RETURNS_MAX,
    note(address) {
      const returns = recent();
      returns[address] = [...(returns[address] ?? []), now()].slice(-RETURNS_MAX);
      try {
        storage().setItem(KEY, JSON.stringify(returns));
      } catch {
        // Full or forbidden; the server's own limit remains.
      }
    },
    forget() {
      try {
        storage().removeItem(KEY);
      } catch {
        // As above.
      }
    },
  };
}
