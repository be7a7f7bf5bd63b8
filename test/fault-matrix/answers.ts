/** A strict reader of what a client gets: framing, grammar and end of a stream, and the shape of an error answer. Knows the protocols from their documentation only. */
import { messagesGrammar } from "../../src/conformance/clients/anthropic-grammar.ts";
import { chatGrammar } from "../../src/conformance/clients/chat-grammar.ts";
import type { ProtocolName } from "../../src/conformance/clients/client.ts";
import { geminiGrammar } from "../../src/conformance/clients/gemini-grammar.ts";
import { responsesGrammar } from "../../src/conformance/clients/responses-grammar.ts";

type Fields = Readonly<Record<string, unknown>>;

/** An error in the protocol's own words. */
export interface ToldError {
  /** Anthropic's `type`; OpenAI's `type` and `code`; Google's `status`. */
  readonly name: string;
  readonly message: string;
  /** Google's `code`. */
  readonly status?: number;
  /** Google's RetryInfo, in seconds. */
  readonly wait?: number;
}

/** What a stream says. */
export interface StreamRead {
  /** What is wrong with its bytes, in words. */
  readonly faults: readonly string[];
  readonly text: string;
  /** Absent: it ended well. */
  readonly error?: ToldError;
}

/** One protocol's way to end a stream, and to write what it says. */
interface Dialect {
  /** What is wrong with a stream that should have ended well. */
  readonly grammar: (text: string) => readonly string[];
  /** How many events at the end are an error; 0: it ended well. */
  readonly errorEvents: (events: readonly Event[]) => number;
  /** What the grammar misses in a stream that broke off, and nothing else. */
  readonly missing: RegExp;
  /** Written in place of an end that the grammar needs to read the rest. */
  readonly end?: string;
  readonly text: (data: Fields) => unknown;
}

interface Event {
  readonly raw: string;
  readonly name: string;
  readonly data: Fields;
}

function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Record<string | number, unknown> | null | undefined)?.[step], value);
}

const endsWithError = (events: readonly Event[]): number => (isObject(events.at(-1)?.data["error"]) ? 1 : 0);

const DIALECTS: Readonly<Record<ProtocolName, Dialect>> = {
  anthropic: {
    grammar: messagesGrammar,
    errorEvents: (events) => (events.at(-1)?.name === "error" ? endsWithError(events) : 0),
    missing: /^no message_stop$/,
    text: (data) => at(data, "delta", "text"),
  },
  chat: {
    grammar: chatGrammar,
    errorEvents: endsWithError,
    missing: /^0 finish reasons$|^0 chunks with usage$/,
    end: "data: [DONE]\n\n",
    text: (data) => at(data, "choices", 0, "delta", "content"),
  },
  responses: {
    grammar: responsesGrammar,
    // SDKs throw at the first, Codex knows the second.
    errorEvents: (events) => (events.at(-2)?.name === "error" && events.at(-1)?.name === "response.failed" ? 2 : 0),
    missing: /^ends are none|^item \d+ is never done$|^\w+ \d+ of item \d+ is never done$|^the last event's output/,
    text: (data) => (data["type"] === "response.output_text.delta" ? data["delta"] : undefined),
  },
  gemini: {
    grammar: geminiGrammar,
    errorEvents: endsWithError,
    missing: /^0 finish reasons$|^no usage at the end$/,
    text: (data) => at(data, "candidates", 0, "content", "parts", 0, "text"),
  },
};

/** Reads a stream, and finds everything wrong with it. */
export function readStream(client: ProtocolName, body: Buffer): StreamRead {
  const faults: string[] = [];
  const events = eventsOf(body, faults);
  const { grammar, errorEvents, missing, end = "", text } = DIALECTS[client];
  const told = errorEvents(events);
  const said = events.slice(0, events.length - told);
  const broken = told > 0;
  const found = grammar(said.map(({ raw }) => raw).join("") + (broken ? end : ""));
  faults.push(...(broken ? found.filter((fault) => !missing.test(fault)) : found));
  if (said.some(({ data }) => isObject(data["error"]))) faults.push("an error before the end");
  if (client === "responses" && broken) faults.push(...failedResponseFaults(events));
  return {
    faults,
    text: said.map(({ data }) => (text(data) as string | undefined) ?? "").join(""),
    ...(broken && { error: readError(client, errorOf(client, events), faults) }),
  };
}

/** Reads an error answer, and finds everything wrong with it. */
export function readErrorAnswer(
  client: ProtocolName,
  status: number,
  body: Buffer,
): { readonly faults: readonly string[]; readonly error: ToldError } {
  const faults: string[] = [];
  const json = parse(body.toString("utf8"), faults);
  if (client === "anthropic" && json["type"] !== "error") faults.push(`the envelope's type is ${String(json["type"])}`);
  if (client === "anthropic" && typeof json["request_id"] !== "string") faults.push("no request_id");
  const error = readError(client, (json["error"] ?? {}) as Fields, faults);
  if (error.status !== undefined && error.status !== status) faults.push(`code ${error.status} in an answer with status ${status}`);
  return { faults, error };
}

/** The events, each with its own bytes. */
function eventsOf(body: Buffer, faults: string[]): Event[] {
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    faults.push("the bytes are not UTF-8");
  }
  // Lines may end either way: Google's own end with both characters, what the gateway adds to them with one.
  const blocks = text.split(/(?<=\r\n\r\n|[^\r]\n\n)/);
  if (!/\n\r?\n$/.test(text)) faults.push("the last event is not ended by an empty line");
  return blocks.flatMap((raw) => {
    const lines = raw.trimEnd().split(/\r?\n/);
    for (const line of lines)
      if (!/^(?:event: \S+|data: .+|:.*)$/u.test(line)) faults.push(`a line is ${JSON.stringify(line.slice(0, 60))}`);
    const data = lines.filter((line) => line.startsWith("data: "));
    const names = lines.filter((line) => line.startsWith("event: "));
    if (data.length === 0 && names.length === 0) return [];
    if (data.length !== 1 || names.length > 1) faults.push(`an event has ${data.length} lines of data and ${names.length} names`);
    const value = (data[0] ?? "").slice("data: ".length);
    return [{ raw, name: (names[0] ?? "").slice("event: ".length), data: value === "[DONE]" ? {} : parse(value, faults) }];
  });
}

function errorOf(client: ProtocolName, events: readonly Event[]): Fields {
  const { data } = events.at(-1) as Event;
  return (client === "responses" ? at(data, "response", "error") : data["error"]) as Fields;
}

/** Both ends of a response that failed say the same, in order, of the response that was begun. */
function failedResponseFaults(events: readonly Event[]): string[] {
  const faults: string[] = [];
  const [event, failed] = events.slice(-2).map(({ data }) => data) as [Fields, Fields];
  const numbers = events.map(({ data }) => data["sequence_number"]);
  if (!numbers.every((number, index) => number === index)) faults.push(`sequence numbers are ${numbers.join(", ")}`);
  if (at(failed, "response", "status") !== "failed") faults.push("the failed response's status is another");
  if (typeof (event["message"] ?? at(event, "error", "message")) !== "string") faults.push("the error event has no message");
  const ids = new Set(events.flatMap(({ data }) => (isObject(data["response"]) ? [data["response"]["id"]] : [])));
  if (ids.size !== 1) faults.push(`ids of the response are ${[...ids].join(", ")}`);
  return faults;
}

function readError(client: ProtocolName, error: Fields, faults: string[]): ToldError {
  const message = error["message"];
  if (typeof message !== "string" || message === "") faults.push(`the error's message is ${JSON.stringify(message)}`);
  const told = { message: String(message) };
  if (client === "anthropic") return { ...told, name: String(error["type"]) };
  if (client === "gemini") {
    const details = (error["details"] as Fields[] | undefined) ?? [];
    const delay = details.find((detail) => detail["@type"] === "type.googleapis.com/google.rpc.RetryInfo")?.["retryDelay"] as
      | string
      | undefined;
    if (!Number.isInteger(error["code"])) faults.push(`the error's code is ${String(error["code"])}`);
    const wait = delay === undefined ? {} : { wait: Number.parseFloat(delay) };
    return { ...told, name: String(error["status"]), status: Number(error["code"]), ...wait };
  }
  return { ...told, name: [error["type"], error["code"]].filter((word) => typeof word === "string").join(" ") };
}

function parse(text: string, faults: string[]): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Told below.
  }
  faults.push(`not a JSON object: ${text.slice(0, 60)}`);
  return {};
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
