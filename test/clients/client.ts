/** What the runner knows of a real client. One file per client implements it. */

/**
 * What a client can be asked to do. `answer`: answer a prompt. `stream`: answer it in one streamed request, and believe whatever the
 * client itself makes of what comes. `tools`: run the command that it is asked for. `json`: answer with structured
 * output. `count`: count the tokens of a prompt. `models`: list the models and look one up. `patch`: change a file with a tool that
 * takes free text. `search`: look for tools that it has held back. `image`: look at `picture.png` in its folder. `session`: go on with
 * the conversation of the turn before. `compaction`: the same, when that has grown too long and is to be cut down to a summary first.
 */
export type Task = "answer" | "stream" | "tools" | "json" | "count" | "models" | "patch" | "search" | "image" | "session" | "compaction";

export interface Client {
  /** As it stands in the output and in the names of folders. */
  readonly name: string;
  /** The name of the upstream (`upstreams.ts`) whose protocol it speaks: there it is relayed. */
  readonly speaks: string;
  /** It asks for no more than one call at once, which not every upstream can be told. */
  readonly oneCallAtOnce?: boolean;
  /** It speaks over a WebSocket, which the simulator does not. */
  readonly overWebSocket?: boolean;
  /** What has to be installed for it; absent for a library that the project's tests depend on anyway. */
  readonly installation?: Installation;
  readonly tasks: readonly Task[];
  /** The command that has the client do one task and end. */
  command(turn: Turn): Command;
  /** A prompt that makes it read an image file with a tool of its own; needed for `session`. */
  readImagePrompt?(file: string): string;
}

/** One `npm install`; clients may share it. */
export interface Installation {
  readonly name: string;
  /** Exact versions, so that a run can be repeated. */
  readonly packages: readonly string[];
}

/** One task, and what the client has to know for it. */
export interface Turn {
  readonly task: Task;
  /** Empty where the task needs none. */
  readonly prompt: string;
  /** The root URL of the gateway, or of whatever stands in its place. */
  readonly gateway: string;
  /** The key that is asked for there. */
  readonly key: string;
  /** Whether the conversation of the turn before goes on. */
  readonly continued: boolean;
  /** The client's home folder, for settings that it reads from there. */
  readonly home: string;
  /** The folder `node_modules` of its installation; empty when it has none. */
  readonly modules: string;
}

export interface Command {
  /** The name of a program of the installation, or a path. */
  readonly program: string;
  readonly args: readonly string[];
  /** Added to an otherwise clean environment. */
  readonly environment: Readonly<Record<string, string>>;
}
