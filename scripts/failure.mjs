/** A failure that the person at the terminal can act on: shown as one line, without a stack. */
export class Failure extends Error {
  /**
   * @param {string} message one sentence: what went wrong, and what to do
   * @param {number} exitCode the exit code of the whole run
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
