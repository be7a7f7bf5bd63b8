/** The faults of the matrix (resilience §7), and what each must come to. */
import type { ProtocolName } from "../../src/conformance/clients/client.ts";
import type { Behaviour, FaultName } from "../../src/simulator/types.ts";
import type { Cause } from "./tables.ts";

/** Where a row is played. */
export interface Place {
  readonly upstream: ProtocolName;
  readonly stream: boolean;
  readonly lane: "relay" | "translate";
}

/** What must become of a request. */
export type Ending =
  /** Nothing is wrong with the answer. */
  | { readonly type: "served" }
  /** It fails before content. `quota` is a `billing` that its vendor tells with a 429. */
  | {
      readonly type: "fails";
      readonly cause: Cause | "quota";
      /** A status of the upstream's own that the caller is told; absent: what the cause implies. */
      readonly status?: number;
      /** Whether the upstream told it in an HTTP error, which relaying may pass on as it is. */
      readonly answered?: true;
      /** Seconds after which the upstream said to come back. */
      readonly hint?: number;
      /** Whether the upstream has told by then what the prompt costs, which is charged for. */
      readonly counted?: true;
      /** How often each credential is asked; default once. */
      readonly tries?: number;
    }
  /** It fails after content. */
  | { readonly type: "breaks"; readonly cause: "overloaded" | "timeout" | "transport" };

export interface Row {
  readonly name: string;
  /** Upstreams whose vendor has such a fault; default: all. */
  readonly upstreams?: readonly ProtocolName[];
  /** Made when it is played: some hints are dates. */
  readonly behaviour: (upstream: ProtocolName) => Behaviour;
  /** Limits of time of the provider that the fault happens at, in its config's words. Only what hangs has short ones. */
  readonly timeouts?: (place: Place) => string;
  readonly ending: (place: Place) => Ending;
}

const OPENAI: readonly ProtocolName[] = ["chat", "responses"];

function isOpenAi(upstream: ProtocolName): boolean {
  return OPENAI.includes(upstream);
}

/** Seconds of every hint: long, so that no busy machine makes one expire. */
export const HINT = 100;
/** Nothing but what hangs is asked of who has so little time. */
const HANG = "100ms";
/** Content comes before the silence does, on a busy machine too. */
const SILENCE = "400ms";

function status(code: number, cause: Cause, told?: number): Row {
  return {
    name: String(code),
    behaviour: () => ({ fault: `${code}` }),
    ending: () => ({ type: "fails", cause, answered: true, ...(told !== undefined && { status: told }) }),
  };
}

const STATUSES: readonly Row[] = [
  status(400, "invalid-request"),
  status(401, "unauthenticated"),
  status(402, "billing"),
  status(403, "permission"),
  status(404, "not-found"),
  status(408, "timeout"),
  status(409, "conflict"),
  status(413, "request-too-large"),
  status(422, "invalid-request"),
  status(500, "upstream", 500),
  status(502, "upstream", 502),
  status(503, "overloaded"),
  status(504, "timeout"),
  status(529, "overloaded"),
];

function limited(how: string, behaviour: () => Behaviour, upstreams?: readonly ProtocolName[]): Row {
  return {
    name: `429, ${how}`,
    ...(upstreams && { upstreams }),
    behaviour: () => withFault("429", behaviour()),
    ending: () => ({ type: "fails", cause: "rate-limited", answered: true, hint: HINT }),
  };
}

/** A behaviour that answers by itself has no fault. */
function withFault(fault: FaultName, behaviour: Behaviour): Behaviour {
  return behaviour.body === undefined ? { fault, ...behaviour } : behaviour;
}

const inSeconds = (seconds: number): Date => new Date(Date.now() + seconds * 1000);

const OPENAI_LIMIT = { type: "requests", param: null, code: "rate_limit_exceeded" };

const HINTS: readonly Row[] = [
  {
    name: "429",
    // The simulator's OpenAI says in words when to come back.
    behaviour: (upstream) =>
      isOpenAi(upstream) ? { status: 429, body: { error: { message: "Too many requests.", ...OPENAI_LIMIT } } } : { fault: "429" },
    ending: () => ({ type: "fails", cause: "rate-limited", answered: true }),
  },
  limited("retry-after in seconds", () => ({ retryAfter: HINT })),
  limited("retry-after as a date", () => ({ headers: { "retry-after": inSeconds(HINT).toUTCString() } })),
  limited("retry-after-ms", () => ({ retryAfterMs: HINT * 1000 })),
  limited("a hint in words", () => ({ status: 429, body: { error: { message: "Please try again in 1m40s.", ...OPENAI_LIMIT } } }), OPENAI),
  limited("RetryInfo", () => ({ retryInfo: HINT }), ["gemini"]),
  limited(
    "a used-up limit's reset",
    () => ({ headers: { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m40s" } }),
    OPENAI,
  ),
  limited(
    "a used-up limit's reset",
    () => ({
      headers: {
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": inSeconds(HINT).toISOString(),
      },
    }),
    ["anthropic"],
  ),
  limited(
    "a used-up window's reset",
    () => ({
      headers: {
        "anthropic-ratelimit-unified-status": "rejected",
        "anthropic-ratelimit-unified-reset": String(Math.round(inSeconds(HINT).getTime() / 1000)),
      },
    }),
    ["anthropic"],
  ),
];

/** A vendor's own words for a model that it does not have. */
const UNKNOWN_MODEL: Readonly<Record<ProtocolName, object>> = {
  anthropic: { type: "error", error: { type: "not_found_error", message: "model: claude-x" } },
  chat: { error: { message: "The model `x` does not exist.", type: "invalid_request_error", param: null, code: "model_not_found" } },
  responses: { error: { message: "The model `x` does not exist.", type: "invalid_request_error", param: null, code: "model_not_found" } },
  gemini: { error: { code: 404, message: "models/x is not found for API version v1beta.", status: "NOT_FOUND" } },
};

const VENDORS: readonly Row[] = [
  {
    name: "invalid-key",
    behaviour: () => ({ fault: "invalid-key" }),
    ending: () => ({ type: "fails", cause: "unauthenticated", answered: true }),
  },
  {
    name: "no-credit",
    behaviour: () => ({ fault: "no-credit" }),
    ending: ({ upstream }) => ({ type: "fails", cause: NO_CREDIT[upstream], answered: true }),
  },
  {
    name: "context-too-long",
    behaviour: () => ({ fault: "context-too-long" }),
    ending: () => ({ type: "fails", cause: "context-too-long", answered: true }),
  },
  {
    name: "model-not-found",
    behaviour: (upstream) => ({ status: 404, body: UNKNOWN_MODEL[upstream] }),
    ending: () => ({ type: "fails", cause: "model-not-found", answered: true }),
  },
];

/** Anthropic tells it with a 400, OpenAI with a 429; Google's 429 is like any other. */
const NO_CREDIT: Readonly<Record<ProtocolName, Cause | "quota">> = {
  anthropic: "billing",
  chat: "quota",
  responses: "quota",
  gemini: "rate-limited",
};

interface Wire {
  readonly fault: FaultName;
  readonly name?: string;
  readonly with?: Behaviour;
  /** Told in a stream, or in a 200: what the vendor says when it is overloaded. */
  readonly overloaded?: true;
  readonly timeouts?: Row["timeouts"];
  readonly ending: Row["ending"];
}

function wire({ fault, name = fault, with: more, overloaded, timeouts, ending }: Wire): Row {
  const behaviour = (upstream: ProtocolName): Behaviour => ({ fault, ...more, ...(overloaded && { status: OVERLOADED[upstream] }) });
  return { name, behaviour, ...(timeouts && { timeouts }), ending };
}

/** The status of a vendor that is overloaded. */
const OVERLOADED: Readonly<Record<ProtocolName, number>> = { anthropic: 529, chat: 503, responses: 503, gemini: 503 };

const fails = (cause: Cause, more: { status?: number; tries?: number; counted?: true } = {}): Ending => ({ type: "fails", cause, ...more });
const breaks = (cause: "overloaded" | "timeout" | "transport"): Ending => ({ type: "breaks", cause });
/** Anthropic alone tells it before any content. */
const countedAtOnce = ({ upstream, stream }: Place): { counted?: true } => (stream && upstream === "anthropic" ? { counted: true } : {});
const SERVED: Ending = { type: "served" };
/** Paced, so that content has reached the client before the fault comes: what comes in one read with its error has reached nobody. */
const PACED: Behaviour = { chunkDelayMs: 30 };

const WIRES: readonly Row[] = [
  wire({
    fault: "hang-before-headers",
    // Both limits count together: the request must have gone out on a busy machine too. The head of a whole answer may take as
    // long as its content.
    timeouts: ({ stream }) => `connect: 600ms, headers: ${HANG}${stream ? "" : `, first_content: ${HANG}`}`,
    ending: () => fails("timeout"),
  }),
  wire({ fault: "hang-after-headers", timeouts: () => `first_content: ${HANG}`, ending: () => fails("timeout") }),
  wire({
    fault: "hang-mid-stream",
    with: PACED,
    timeouts: ({ stream }) => (stream ? `idle: ${SILENCE}` : `first_content: ${HANG}`),
    ending: ({ stream }) => (stream ? breaks("timeout") : fails("timeout")),
  }),
  // Once more with the same credential: the connection may have been an old one.
  wire({ fault: "reset-before-headers", ending: () => fails("transport", { tries: 2 }) }),
  wire({ fault: "reset-after-headers", ending: () => fails("transport") }),
  wire({ fault: "reset-mid-event", with: PACED, ending: ({ stream }) => (stream ? breaks("transport") : fails("transport")) }),
  wire({ fault: "end-early", with: PACED, ending: ({ stream }) => (stream ? breaks("transport") : fails("upstream")) }),
  wire({ fault: "error-in-200", overloaded: true, ending: () => fails("overloaded") }),
  wire({ fault: "error-first", overloaded: true, ending: () => fails("overloaded") }),
  wire({ fault: "error-before-content", overloaded: true, ending: (place) => fails("overloaded", countedAtOnce(place)) }),
  wire({
    fault: "error-after-content",
    with: PACED,
    overloaded: true,
    ending: ({ stream }) => (stream ? breaks("overloaded") : fails("overloaded")),
  }),
  wire({ fault: "empty", ending: ({ stream }) => fails(stream ? "transport" : "upstream") }),
  // What is translated may as well be written as a stream.
  wire({ fault: "json-for-stream", ending: ({ stream, lane }) => (stream && lane === "relay" ? fails("upstream") : SERVED) }),
  wire({ fault: "garbage-json", ending: (place) => fails("upstream", countedAtOnce(place)) }),
  wire({ fault: "html", ending: () => fails("upstream", { status: 502 }) }),
  wire({ fault: "html", name: "html in a 200", with: { status: 200 }, ending: () => fails("upstream") }),
  wire({ fault: "wrong-content-type", ending: ({ stream }) => (stream ? fails("upstream") : SERVED) }),
  wire({ fault: "truncated-gzip", ending: () => fails("upstream") }),
  wire({ fault: "slow-drip", with: { chunkDelayMs: 1 }, ending: () => SERVED }),
  wire({ fault: "split-bytes", ending: () => SERVED }),
  wire({ fault: "huge-line", with: { size: 5_000_000 }, ending: () => SERVED }),
  // A limit of its own is a set of connections of its own: nobody else meets the one that is closed.
  wire({ fault: "close-after-answer", timeouts: () => "connect: 9s", ending: () => SERVED }),
];

export const ROWS: readonly Row[] = [...STATUSES, ...HINTS, ...VENDORS, ...WIRES];
