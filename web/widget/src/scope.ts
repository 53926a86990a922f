// Everything that has to be undone when a widget goes: listeners and timers, in one place.

export class Scope {
  private readonly undo = new Set<() => void>();

  on(target: EventTarget, type: string, listener: (event: never) => void, options: AddEventListenerOptions = {}): void {
    const handle = listener as EventListener;
    target.addEventListener(type, handle, options);
    this.undo.add(() => target.removeEventListener(type, handle, options));
  }

  /** Calls back once, after `millis`; the answer takes it back. */
  after(millis: number, call: () => void): () => void {
    const cancel = (): void => {
      clearTimeout(timer);
      this.undo.delete(cancel);
    };
    const timer = setTimeout(() => {
      this.undo.delete(cancel);
      call();
    }, millis);
    this.undo.add(cancel);
    return cancel;
  }

  add(undo: () => void): void {
    this.undo.add(undo);
  }

  end(): void {
    const all = [...this.undo];
    this.undo.clear();
    for (const undo of all) undo();
  }
}
