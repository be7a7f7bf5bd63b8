import { equal } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { FaultName, RecordedRequest, ScriptItem } from "../../src/simulator/types.ts";
import type { Client, Task } from "./client.ts";
import { brokenPrefixes } from "./prefix.ts";
import { apiKey, listedModel, relays, type Upstream } from "./upstreams.ts";

/** What a client is put through. It passes unless `run` throws; the message says what went wrong. */
export interface Scenario {
  readonly name: string;
  /** What it can be selected by as well. */
  readonly group?: string;
  /** Whether it runs without `--all`. */
  readonly always: boolean;
  /** What a client must be able to do. */
  readonly task: Task;
  /** The gateway's credentials, and what is wrong with each of them upstream. */
  readonly credentials: Readonly<Record<string, FaultName | undefined>>;
  /** What happens to requests for an answer, whatever their credential. */
  readonly script?: readonly ScriptItem[];
  /** The names of the upstreams it is played with, and `direct` for the simulator in the gateway's place; default: all upstreams. */
  readonly ways?: readonly string[];
  run(stage: Stage): Promise<void>;
  /** What the gateway's log must tell in the end; throws unless it does. */
  checkLog?(lines: readonly LogLine[]): void;
}

/** What is looked at in a line of the gateway's log. */
export interface LogLine {
  readonly msg: string;
  /** Of a request. */
  readonly operation?: string;
  readonly outcome?: string;
  /** Of a WebSocket. */
  readonly requests?: number;
}

/** A client in front of the gateway, and the simulator behind it. */
export interface Stage {
  readonly client: Client;
  readonly upstream: Upstream;
  /** Whether there is no gateway. */
  readonly direct: boolean;
  /** The folder that the client works in. */
  readonly workFolder: string;
  /** Has the client do the scenario's task; gives what it printed. Turns of one stage are one conversation. */
  readonly ask: (prompt: string) => Promise<string>;
  /** The requests for an answer that reached the upstream, in order. */
  readonly generations: () => readonly RecordedRequest[];
}

/** The output of the command, and not part of the prompt or of the call: it proves that the tool ran and that its result went upstream. */
const toolPrompt = "Run the shell command `printf hello-%d-from-tool 42` and tell me its output.";
const toolOutput = "hello-42-from-tool";
const oneCredential = { sound: undefined };

const plain: Scenario = {
  name: "plain",
  always: false,
  task: "answer",
  credentials: oneCredential,
  async run({ ask }) {
    contains(await ask("Say hello to pong-7f3a"), 'You said: "Say hello to pong-7f3a"');
  },
};

const tool: Scenario = {
  name: "tool",
  always: true,
  task: "tools",
  credentials: oneCredential,
  async run(stage) {
    contains(await stage.ask(toolPrompt), toolOutput);
    hasLength(stage.generations(), 2, "requests");
    keepsPrefix(stage);
  },
};

/** Calls at once, and calls after their results. */
const rounds: Scenario = {
  name: "rounds",
  always: false,
  task: "tools",
  credentials: oneCredential,
  async run(stage) {
    contains(await stage.ask("Run `printf two-%d 2` and `printf three-%d 3`, then `printf four-%d 4`."), "four-4");
    if (!(stage.client.oneCallAtOnce && stage.generations().length === 4)) hasLength(stage.generations(), 3, "requests");
    const sent = stage.generations().map(({ body }) => body.toString());
    for (const output of ["two-2", "three-3", "four-4"]) contains(sent.join("\n"), output);
    keepsPrefix(stage);
  },
};

/** The drivers check that what comes back is what the schema says. */
const json: Scenario = {
  name: "json",
  always: false,
  task: "json",
  credentials: oneCredential,
  async run({ ask, generations }) {
    contains(await ask("Give me a city."), '"inhabitants"');
    hasLength(generations(), 1, "requests");
  },
};

const count: Scenario = {
  name: "count",
  always: false,
  task: "count",
  credentials: oneCredential,
  async run({ ask, generations }) {
    const few = Number(await ask("Hi."));
    const many = Number(await ask("Hi. ".repeat(100)));
    if (!(few > 0 && many > few)) throw new Error(`expected more tokens in a longer prompt, got ${few} and ${many}`);
    hasLength(generations(), 0, "requests for an answer");
  },
};

const models: Scenario = {
  name: "models",
  always: false,
  task: "models",
  credentials: oneCredential,
  async run({ ask }) {
    contains(await ask(""), listedModel);
  },
};

/** One credential is over its limit and one is refused: the client must see neither. */
const rotation: Scenario = {
  name: "rotation",
  always: false,
  task: "tools",
  credentials: { limited: "429", refused: "401", sound: undefined },
  async run({ ask, generations }) {
    contains(await ask(toolPrompt), toolOutput);
    const used = generations().map(({ credential }) => credential ?? "none");
    for (const name of ["limited", "refused"]) contains(used.join(), apiKey(name));
    const answered = used.filter((key) => key === apiKey("sound"));
    hasLength(answered, 2, "requests with the sound credential");
  },
};

/** Lines that no wrapping may change: quotes, backslashes, tabs, space behind, and more than ASCII. */
const lines = ['one "quoted" \\n \t é ✓ 😀', "", "$(x) `y` <z> &amp;", "  indented, with space behind  "];

/** A tool that takes free text, whatever it has to be wrapped in on the way. */
const patch: Scenario = {
  name: "patch",
  always: true,
  task: "patch",
  credentials: oneCredential,
  async run(stage) {
    const { ask, generations, workFolder } = stage;
    const file = path.join(workFolder, "notes.txt");
    writeFileSync(file, "first\nold\nlast\n");
    const hunk = [" first", "-old", ...lines.map((line) => `+${line}`), " last"];
    await ask(["Apply this patch:", "*** Begin Patch", "*** Update File: notes.txt", "@@", ...hunk, "*** End Patch"].join("\n"));
    equal(readFileSync(file, "utf8"), ["first", ...lines, "last", ""].join("\n"));
    hasLength(generations(), 2, "requests");
    keepsPrefix(stage);
  },
};

/** Tools that are held back until a search finds them, in a namespace that other protocols know only as a part of their names. */
const search: Scenario = {
  name: "search",
  always: false,
  task: "search",
  credentials: oneCredential,
  async run(stage) {
    const { ask, upstream, generations } = stage;
    const joint = upstream.name === "responses" ? "." : "__";
    const call = `multi_agent_v1${joint}close_agent {"target":"nobody"}`;
    contains(
      await ask(`Use \`tool_search {"query":"close agent"}\`, then \`${call}\` and tell me what you find.`),
      "invalid agent id nobody",
    );
    hasLength(generations(), 3, "requests");
    keepsPrefix(stage);
  },
};

const image: Scenario = {
  name: "image",
  always: false,
  task: "image",
  credentials: oneCredential,
  async run({ ask, generations, workFolder }) {
    writeFileSync(path.join(workFolder, "picture.png"), Buffer.from(redSquare, "base64"));
    contains(await ask("What is in this picture?"), "1 image");
    hasLength(generations(), 1, "requests");
  },
};

const session: Scenario = {
  name: "session",
  always: false,
  task: "session",
  credentials: oneCredential,
  async run(stage) {
    const { client, upstream, ask, generations, workFolder } = stage;
    const picture = path.join(workFolder, "picture.png");
    writeFileSync(picture, Buffer.from(redSquare, "base64"));
    contains(await ask("Run `printf first-%d 1` and tell me its output."), "first-1");
    contains(await ask("Run `printf two-%d 2` and `printf three-%d 3`, then `printf four-%d 4`."), "four-4");
    contains(await ask(client.readImagePrompt?.(picture) ?? ""), "1 image");
    contains(await ask("Say what you make of it."), "Say what you make of it.");
    contains(await ask("Run `ls no-such-file` and tell me what happens."), "No such file");
    contains(await ask("Run `printf 'é ✓ %s' '\"quoted\"'` and tell me its output."), 'é ✓ "quoted"');
    contains(await ask("Run `printf last-%d 7`, then `printf done-%d 8`."), "done-8");

    const bodies = generations().map(({ body }) => body);
    hasLength(bodies, 15, "requests");
    const last = bodies.at(-1)?.toString() ?? "";
    const members = upstream.name === "gemini" ? ["thoughtSignature", "inlineData", "functionResponse"] : [];
    for (const member of members) contains(last, `"${member}"`);
    keepsPrefix(stage);
  },
};

/** Before it goes on, it has all that was answered so far cut down to a summary. */
const compaction: Scenario = {
  name: "compaction",
  always: false,
  task: "compaction",
  credentials: oneCredential,
  async run(stage) {
    const { client, upstream, ask, generations } = stage;
    const firstAnswer = 'You said: "Say hello to pong-7f3a';
    contains(await ask("Say hello to pong-7f3a"), firstAnswer);
    contains(await ask("Say what you make of it."), "This is a simulator");
    hasLength(generations(), 3, "requests");
    const [, asked = "", last = ""] = generations().map(({ body }) => body.toString());
    const isRelayed = relays(upstream, client);
    contains(asked, isRelayed ? '{"type":"compaction_trigger"}' : "Write a summary of the whole conversation");
    contains(last, isRelayed ? '"type":"compaction"' : "was cut down to this summary");
    contains(last, "Say what you make of it.");
    if (last.includes(JSON.stringify(firstAnswer).slice(1, -1))) throw new Error("the history was sent beside its summary");
  },
};

export const scenarios: readonly Scenario[] = [
  plain,
  tool,
  rounds,
  json,
  count,
  models,
  rotation,
  patch,
  search,
  image,
  session,
  compaction,
];

/** What is relayed keeps the prefix that the client keeps, and not all do. */
function keepsPrefix({ client, upstream, generations }: Stage): void {
  if (relays(upstream, client)) return;
  const broken = brokenPrefixes(generations().map(({ body }) => body));
  if (broken.length > 0) throw new Error(`the prefix is not stable: ${broken.join("; ")}`);
}

function contains(text: string, expected: string): void {
  if (!text.includes(expected)) throw new Error(`expected «${expected}» in «${text.slice(-1500)}»`);
}

function hasLength(list: readonly unknown[], expected: number, what: string): void {
  if (list.length !== expected) throw new Error(`expected ${expected} ${what}, got ${list.length}`);
}

/** A PNG of 8 × 8 red pixels. */
const redSquare = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mP4z8CAFTEMLQkAKP8/wc53yE8AAAAASUVORK5CYII=";
