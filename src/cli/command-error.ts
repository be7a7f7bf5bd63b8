/** A command that cannot go on. Its message is one readable line for the terminal. */
export class CommandError extends Error {
  /** 1: it failed; 2: it was asked for what makes no sense. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2) {
    super(message);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}
