/** What a user of the simulator sees: how to start it, what to tell it to do, what it saw. */

import type { FaultName } from "./fault-names.ts";

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
  /** Whose signatures it mints and accepts. Two simulators with different issuers reject each other's, like two vendors' accounts. */
  readonly issuer?: string;
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
  /** Appends to the queue that generation requests (or what `when` matches) take from, in order of arrival. */
  script(...items: readonly (ScriptItem | FaultName)[]): void;
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
  readonly usage?: Partial<Usage>;
  /** The vendor's own stop or finish reason, verbatim. */
  readonly finish?: string;
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

/** A tool call to answer with. */
interface ScriptedCall {
  readonly name: string;
  readonly input: unknown;
  /** Default: made from the request, in the vendor's style. */
  readonly id?: string;
}

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
