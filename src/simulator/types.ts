/** What a user of the simulator sees: how to start it, what to tell it to do, what it saw. */

import type { StateFlaw } from "./binding.ts";
import type { FaultName } from "./fault-names.ts";
import type { ResponseStore } from "./responses-store.ts";

export type { FaultName } from "./fault-names.ts";

/** How to start a simulator. */
export interface SimulatorOptions {
  /** Port on 127.0.0.1; default 0, any free one. */
  readonly port?: number;
  /** Keep every request in `requests`. Default false: nothing is kept, so an embedded one never grows. */
  readonly record?: boolean;
  /** The models it has; any other is unknown to it. Default: it lists a few and answers for every name. */
  readonly models?: readonly string[];
  /** Refuse requests without an API key, as the vendors do. Default false: the embedded one has no key to be called with. */
  readonly requireKey?: boolean;
  /** Milliseconds between two stream events; default 0. A behaviour or the model's name overrides it. */
  readonly chunkDelayMs?: number;
  /**
   * What its key for reasoning state is made of. Two simulators with one issuer accept each other's state, and the same
   * request gets the same state after a restart. Default: random, so that nobody outside can mint any.
   */
  readonly issuer?: string;
  /**
   * Refuse every mismatch of reasoning state, also where the vendor would leave it out and go on, and every request that does
   * not bring back state that was minted for it. Default false.
   */
  readonly strictState?: boolean;
  /** Behaviour by API key, for every request that carries it. */
  readonly credentials?: Readonly<Record<string, Behaviour | FaultName>>;
}

/** A running simulator. */
export interface Simulator {
  /** Root URL without a trailing slash: the `base_url` of a provider. */
  readonly url: string;
  readonly port: number;
  /** In order of arrival; empty unless `record` is on. */
  readonly requests: readonly RecordedRequest[];
  /** Sockets open now, idle keep-alive ones included. */
  readonly openConnections: number;
  /** Requests whose answer has neither ended nor been given up. */
  readonly openRequests: number;
  /** Behaviour by API key; change it at any time, to revoke a credential or to heal it. */
  readonly credentials: Map<string, Behaviour | FaultName>;
  /** Answers of Responses that are kept for their callers, by API key. */
  readonly responses: ResponseStore;
  /** Appends to the queue that generation requests (or what `when` matches) take from, in order of arrival. */
  script(...items: readonly (ScriptItem | FaultName)[]): void;
  /**
   * Answers by the prompt alone: a generation request whose texts hold the marker gets the behaviour of its turn, that is
   * the n-th after n runs of assistant turns since the latest text with the marker. Past the last one the simulator answers
   * by itself. Nothing is used up, so requests may come at once and again. The marker's earlier list is replaced.
   */
  answer(marker: string, behaviours: readonly (Behaviour | FaultName)[]): void;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}

/** A request as it came over the wire. */
export interface RecordedRequest {
  /** 0, 1, 2… in order of arrival. */
  readonly sequence: number;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Name, value, name, value: as sent. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** The API key, wherever the protocol allows it to be. */
  readonly credential: string | undefined;
  /** `answered`: to the end. `cut`: by a fault or by `close()`. `client-left`: the caller closed first. */
  readonly outcome: "open" | "answered" | "cut" | "client-left";
  /** What became of the reasoning state that it brought back. */
  readonly state: StateReport;
}

/** What became of a request's reasoning state. The first fault that is refused ends the reading. */
export interface StateReport {
  /** How many pieces came back as they were minted, where they were minted. */
  readonly kept: number;
  /** How many stand-ins were taken for state that this vendor did not mint. */
  readonly standIns: number;
  /** Left out of the prompt, as the vendor does. */
  readonly dropped: readonly StateFault[];
  /** Answered with an error. */
  readonly refused: readonly StateFault[];
}

/** A piece of state that did not verify, or is missing. */
export interface StateFault {
  /** Where it stands in the body, in the vendor's notation. */
  readonly path: string;
  readonly reason: StateFlaw;
}

/** What to do with a request instead of what the simulator would do by itself. Empty: nothing. */
export interface Behaviour {
  readonly fault?: FaultName;
  /** Stream events sent before a fault in mid-stream; default: up to and with the first that holds content. */
  readonly at?: number;
  /** Bytes of text in a `huge-line`; default 5 MiB. */
  readonly size?: number;
  /** Alone: answer with this status, `headers` and `body`. With a fault: the status of its error, or of its `html`. */
  readonly status?: number;
  /** Added to the answer's own; they win. */
  readonly headers?: Readonly<Record<string, string>>;
  /** With `status`: text or bytes as they are, anything else as JSON. */
  readonly body?: unknown;
  /** Seconds, in a `retry-after` header. */
  readonly retryAfter?: number;
  /** Milliseconds, in a `retry-after-ms` header. */
  readonly retryAfterMs?: number;
  /** Seconds, in the RetryInfo detail of a Gemini error. */
  readonly retryInfo?: number;
  /** Answer with exactly this recording's status, headers and bytes. */
  readonly recording?: Recording;
  /** Byte offsets at which a recording's body is split into separate writes. */
  readonly cuts?: readonly number[];
  /** Replace parts of the simulator's own answer. */
  readonly text?: string;
  readonly thinking?: string;
  readonly calls?: readonly ScriptedCall[];
  /** The whole answer instead, block by block in this order. */
  readonly blocks?: readonly ScriptedBlock[];
  readonly usage?: Partial<Usage>;
  /** How the answer ends, in neutral words; default: as its blocks and the request's limits say. */
  readonly end?: AnswerEnd;
  /** The stop sequence that was hit; `end` is then `stop-sequence`. */
  readonly stopSequence?: string;
  /** The vendor's own stop or finish reason, verbatim. */
  readonly finish?: string;
  /** Gemini: stands beside the reason, for a request that gets the rest of the answer. */
  readonly continuationToken?: string;
  /** Fragments of parallel calls come in turns (Chat Completions and Responses; the others cannot). */
  readonly interleave?: boolean;
  /** Responses: streams as compatible servers have been seen to write them. */
  readonly quirks?: readonly Quirk[];
  /** Milliseconds before the response's headers. */
  readonly delayMs?: number;
  /** Milliseconds between stream events. */
  readonly chunkDelayMs?: number;
}

/** A behaviour with its place in the queue. */
export interface ScriptItem extends Behaviour {
  /** How many requests it serves; default 1. */
  readonly times?: number;
  /** How many matching requests pass by first, answered normally; default 0. */
  readonly skip?: number;
  /** Which requests it is for; default: those that ask for a generation. */
  readonly when?: (request: RecordedRequest) => boolean;
}

/**
 * How a Responses stream may depart from OpenAI's own. `rotating-ids`: every event has other ids for the same answer and item.
 * `empty-output`: the last event's response holds no items. `no-sequence-numbers`: events are not numbered. `no-deltas`:
 * texts and inputs come in the events that end them only.
 */
export type Quirk = "rotating-ids" | "empty-output" | "no-sequence-numbers" | "no-deltas";

/** A tool call to answer with. */
export interface ScriptedCall {
  readonly name: string;
  /** The group of the tool (Responses). */
  readonly namespace?: string;
  /** Default: {}. */
  readonly input?: unknown;
  /** The input's own text instead, to the letter where the protocol has text: odd numbers, broken JSON, free text. */
  readonly arguments?: string;
  /** Default: made from the request, in the vendor's style. */
  readonly id?: string;
  /** Whether the arguments are free text (a custom tool of Chat Completions and Responses). */
  readonly custom?: boolean;
  /**
   * Calls what the tool has become on its way here: the one whose name ends so, in whichever group. Free text goes into the one
   * member of the arguments where the tool is a function.
   */
  readonly asOffered?: true;
}

/** How a block's text is cut when it is streamed: lengths in UTF-16 units, used over and over. Default: the simulator's own. */
interface Streamed {
  readonly sizes?: readonly number[];
}

/** A block of an answer. A block that the protocol cannot say is the script's mistake, and an error. */
export type ScriptedBlock =
  | ({
      readonly type: "text";
      readonly text: string;
      readonly citations?: readonly Citation[];
      /** Gemini: whether the part itself is signed. Default: an empty part after the last text is. */
      readonly signed?: boolean;
    } & Streamed)
  | ({
      readonly type: "thinking";
      readonly text: string;
      /** Default: a genuine one. `false`: none. Text: that. */
      readonly signature?: string | false;
    } & Streamed)
  /** Reasoning without its text (Messages, reasoning_details). Default data: genuine. */
  | { readonly type: "redacted"; readonly data?: string }
  | ({
      readonly type: "call";
      /** Gemini: whether the part is signed. Default: the first call is. */
      readonly signed?: boolean;
    } & ScriptedCall &
      Streamed)
  | ({ readonly type: "refusal"; readonly text: string } & Streamed)
  /** A picture made by the model, its bytes in base64 (Gemini; Chat Completions by the `images` extension). */
  | { readonly type: "image"; readonly mimeType: string; readonly data: string }
  /** A web search that the vendor did (Messages: call and result blocks; Gemini: grounding). */
  | { readonly type: "search"; readonly query: string; readonly results: readonly SearchResult[] };

/** A source found by a search. */
export interface SearchResult {
  readonly url: string;
  readonly title: string;
}

/** What a text refers to. */
export interface Citation extends SearchResult {
  /** The words of the text that rest on the source; default: the whole text. */
  readonly text?: string;
  /** The words of the source. */
  readonly cited?: string;
}

/** How an answer ends. `filter`: by the vendor's filter. `refusal`: by the model's refusal. `pause`: a turn to go on with. */
export type AnswerEnd = "end" | "calls" | "length" | "stop-sequence" | "refusal" | "filter" | "context-full" | "pause";

/** Tokens. `input` counts the prompt without what was read from or written to the cache; `output` counts everything made, `thinking` included. */
export interface Usage {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly thinking: number;
}

/** The part of a recording file that is replayed. */
export interface Recording {
  readonly response: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    /** Text as it is, anything else as JSON. */
    readonly body?: unknown;
    /** The bytes of an event stream. */
    readonly sse?: string;
  };
}
