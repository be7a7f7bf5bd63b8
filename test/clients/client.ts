/** What the runner knows of a real command-line client. One file per client implements it. */

export interface Client {
  /** As it stands in the output and in the names of folders. */
  readonly name: string;
  /** What `npm install` gets: exact versions, so that a run can be repeated. */
  readonly packages: readonly string[];
  /** The command that has the client answer one prompt and end. */
  command(turn: Turn): Command;
  /** A prompt that makes it read an image file with a tool of its own. */
  readImagePrompt(file: string): string;
}

/** One prompt, and what the client has to know to send it. */
export interface Turn {
  readonly prompt: string;
  /** The gateway's root URL. */
  readonly gateway: string;
  /** The key that the gateway asks for. */
  readonly key: string;
  /** Whether the conversation of the turn before goes on. */
  readonly continued: boolean;
}

export interface Command {
  /** The name of the program in the installed package's `node_modules/.bin`. */
  readonly program: string;
  readonly args: readonly string[];
  /** Added to an otherwise clean environment. */
  readonly environment: Readonly<Record<string, string>>;
}
