/** Recorded requests, as `dragoman traffic` prints them: what was asked when, how long it took and what it used; no bodies. */
import { z } from "zod";
import type { ProtocolId, Usage } from "../chat/chat.ts";
import { protocols } from "../protocols/index.ts";

/** One recorded request. */
export interface TrafficRequest {
  /** When it came, in ms since 1970. */
  readonly at: number;
  /** The virtual key's name; absent where none was asked for. */
  readonly key?: string;
  /** The client's. */
  readonly protocol: ProtocolId;
  readonly model: string;
  readonly session?: string;
  /** Absent: it was not told. */
  readonly usage?: Usage;
  /** From its first byte to the last of its answer. */
  readonly ms: number;
  /** To its first content. */
  readonly ttftMs?: number;
  /** Whether its client left before the end. */
  readonly cancelled: boolean;
  /** Where it went: `provider/model`. */
  readonly target?: string;
}

/** What a file told. */
export interface Traffic {
  /** In the order in which they came. */
  readonly requests: readonly TrafficRequest[];
  /** Requests that no upstream was asked for, and none would be: lists of models, what is stored, counts that were estimated. */
  readonly leftOut: number;
}

/** A line that cannot be read. Its message names the line and what is wrong. */
export class TrafficError extends Error {
  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
    this.name = "TrafficError";
  }
}

/** Longer ones hold more than metadata. */
const MAX_LINE_CHARS = 1024 * 1024;
/** All of them are in memory, some hundred bytes each. */
const MAX_REQUESTS = 2_000_000;
/** The last moment that has a date, in ms since 1970. */
const MAX_TIME = 8.64e15;
/** What upstreams are asked for. */
const OPERATIONS: ReadonlySet<string> = new Set(["generate", "count-tokens"]);

const text = z.string({ error: "expected text" });
const count = z.number({ error: "expected a number of at least 0" }).min(0, { error: "expected a number of at least 0" });
const tokens = count.optional();
const outcomes = ["answered", "cancelled", "failed"] as const;
const protocolNames = [...protocols.keys()] as [ProtocolId, ...ProtocolId[]];

const line = z.object(
  {
    at: count.max(MAX_TIME, { error: "expected ms since 1970" }),
    key: text.optional(),
    protocol: z.enum(protocolNames, { error: `expected one of ${protocolNames.join(", ")}` }),
    operation: text,
    model: text.optional(),
    session: text.optional(),
    usage: z
      .object(
        { input: tokens, output: tokens, cacheRead: tokens, cacheWrite: tokens, webSearches: tokens },
        { error: "expected an object of numbers" },
      )
      .optional(),
    ms: count,
    ttftMs: count.optional(),
    outcome: z.enum(outcomes, { error: `expected one of ${outcomes.join(", ")}` }),
    target: text.optional(),
  },
  { error: "expected an object" },
);

/**
 * Reads newline-delimited JSON; empty lines mean nothing.
 * @throws TrafficError at the first line that cannot be read.
 */
export async function readTraffic(chunks: AsyncIterable<string>): Promise<Traffic> {
  const requests: TrafficRequest[] = [];
  const names = new Map<string, string>();
  let leftOut = 0;
  let number = 0;
  for await (const written of lines(chunks)) {
    number += 1;
    if (written.trim() === "") continue;
    const request = readLine(written, number, (name) => names.get(name) ?? (names.set(name, name), name));
    if (request === undefined) leftOut += 1;
    else if (requests.length < MAX_REQUESTS) requests.push(request);
    else throw new TrafficError(number, `more than ${MAX_REQUESTS} requests are too many at once; replay a part of them`);
  }
  return { requests: requests.sort((a, b) => a.at - b.at), leftOut };
}

/** @param known the same text for equal names, so that each is in memory once. @returns `undefined` for what no upstream is asked for. */
function readLine(written: string, number: number, known: (name: string) => string): TrafficRequest | undefined {
  const { success, data, error } = line.safeParse(parse(written, number));
  if (!success) throw new TrafficError(number, problemOf(error));
  const { at, key, protocol, operation, model, session, usage, ms, ttftMs, outcome, target } = data;
  if (model === undefined || !OPERATIONS.has(operation)) return undefined;
  if (outcome === "answered" && target === undefined) return undefined;
  return {
    at,
    protocol,
    model: known(model),
    ms,
    cancelled: outcome === "cancelled",
    ...(key !== undefined && { key: known(key) }),
    ...(session !== undefined && { session: known(session) }),
    ...(usage && { usage: usage as Usage }),
    ...(ttftMs !== undefined && { ttftMs }),
    ...(target !== undefined && { target: known(target) }),
  };
}

function parse(written: string, number: number): unknown {
  try {
    return JSON.parse(written);
  } catch {
    // The parser's own words repeat what stands there.
    throw new TrafficError(number, "is no JSON");
  }
}

function problemOf({ issues }: z.ZodError): string {
  const [issue] = issues;
  if (issue === undefined) return "cannot be read";
  return issue.path.length === 0 ? issue.message : `\`${issue.path.join(".")}\`: ${issue.message}`;
}

async function* lines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let number = 1;
  let rest = "";
  for await (const chunk of chunks) {
    const pieces = (rest + chunk).split("\n");
    rest = pieces.pop() ?? "";
    for (const piece of pieces) yield bounded(piece, number++);
    bounded(rest, number);
  }
  yield bounded(rest, number);
}

function bounded(written: string, number: number): string {
  if (written.length > MAX_LINE_CHARS) throw new TrafficError(number, `has more than ${MAX_LINE_CHARS} characters`);
  return written;
}
