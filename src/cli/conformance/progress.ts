/** How far a long run is, on a terminal's last line. */

/** A line that is written over; nothing where there is no terminal. */
export interface ProgressLine {
  show(done: number, total: number): void;
  end(): void;
}

export function progressLine(quiet: boolean): ProgressLine {
  const { stderr } = process;
  if (quiet || !stderr.isTTY) return { show: () => undefined, end: () => undefined };
  return {
    show: (done, total) => void stderr.write(`\r${done} of ${total} cells`),
    end: () => void stderr.write("\r\u001b[K"),
  };
}
