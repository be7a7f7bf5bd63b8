/** What signals ask of a server: SIGTERM and SIGINT its end, SIGHUP another look at its configuration. */
import { closeSync, openSync } from "node:fs";
import { isatty } from "node:tty";

/**
 * Resolves with the first signal that asks the process to end. From then on another one ends it at once.
 * @param onReload called for each SIGHUP, but for the one that tells that the terminal was closed: that ends the process.
 */
export function endSignal(onReload: () => void): Promise<NodeJS.Signals> {
  const inTerminal = isatty(0);
  const onHangUp = (): void => {
    if (!inTerminal || terminalIsThere()) return onReload();
    process.off("SIGHUP", onHangUp);
    process.kill(process.pid, "SIGHUP");
  };
  process.on("SIGHUP", onHangUp);
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked) process.exit(1);
      asked = true;
      resolve(signal);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}

/** The process's own terminal cannot be opened any more once its window is closed. */
function terminalIsThere(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
