/** Ends a program and waits for it: its folder cannot be removed while it writes there. */
export function ended(program) {
  if (!program || program.exitCode !== null || program.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    program.once("exit", resolve);
    program.kill("SIGKILL");
  });
}
