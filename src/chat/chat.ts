/**
 * The neutral representation of a conversation: what is said, in no vendor's words. A request is a flat, ordered list
 * of items; grouping them into turns is the encoder's job. Unknown content is kept as opaque items, unknown fields as
 * {@link Native}, so that a protocol can say again what it said itself (dossier D.2 item 2).
 */
import type { JsonObject, JsonText } from "./json.ts";
import type { OpaqueState } from "./state.ts";

/** A wire format ("dialect"). */
export type ProtocolId = "anthropic-messages" | "openai-chat" | "openai-responses" | "gemini";

/** Fields that only one protocol understands, kept as they were; said again to that protocol, a loss for any other. */
export interface Native {
  readonly protocol: ProtocolId;
  readonly fields: JsonObject;
}

/** A prompt cache breakpoint: an annotation, never content (rule 406). */
export interface CacheMark {
  readonly ttl?: "5m" | "1h";
}

export interface TextContent {
  readonly type: "text";
  readonly text: string;
  readonly citations?: readonly Citation[];
  readonly state?: OpaqueState;
  /** Wholly the client's own bookkeeping (dossier rule 352): not for other vendors. */
  readonly clientMetadata?: true;
}

/** A source the model quoted. Vendors' own offsets and indexes stay in `native`. */
export interface Citation {
  readonly url?: string;
  readonly title?: string;
  readonly citedText?: string;
  /** What of the item's text it supports, in UTF-16 code units, `end` exclusive (rule 266). */
  readonly range?: { readonly start: number; readonly end: number };
  readonly native?: Native;
}

/** Where media bytes are. `text` is a plain-text document. `fileId` is known to one provider and account only. */
export type MediaSource =
  | { readonly base64: string }
  | { readonly url: string }
  | { readonly fileId: string }
  | { readonly text: string }
  | { readonly content: readonly Content[] };

export interface MediaContent {
  readonly type: "media";
  readonly kind: "image" | "document" | "audio" | "video";
  /** As the caller labelled it; absent for URLs and file ids. */
  readonly mediaType?: string;
  readonly source: MediaSource;
  /** The file's name, where it has one. */
  readonly title?: string;
  readonly context?: string;
  /** The call of the provider's own tool that made it. */
  readonly madeBy?: string;
  /** How closely a picture is to be looked at (rule 179). */
  readonly detail?: "low" | "high" | "auto" | "original";
}

/** A search hit handed to the model by the caller. */
export interface SearchResultContent {
  readonly type: "search-result";
  readonly title: string;
  readonly source: string;
  readonly content: readonly TextContent[];
}

/** Names a deferred tool that has just been loaded (rule 408). */
export interface ToolReferenceContent {
  readonly type: "tool-reference";
  readonly name: string;
}

export interface ReasoningContent {
  readonly type: "reasoning";
  /** What may be shown; often empty while the state is real (dossier A.1.5). */
  readonly text: string;
  readonly state?: OpaqueState;
}

export interface ToolCallContent {
  readonly type: "tool-call";
  readonly id: string;
  /** `custom` takes free text; its `input` is that text. */
  readonly kind: "function" | "custom";
  readonly name: string;
  /** JSON text for functions, as it was written (rule 58). */
  readonly input: JsonText;
  readonly state?: OpaqueState;
}

export interface ToolResultContent {
  readonly type: "tool-result";
  readonly callId: string;
  readonly content: readonly Content[];
  readonly isError: boolean;
}

/** Tools that the provider runs. */
export type HostedToolKind = "web-search" | "web-fetch" | "code-execution" | "tool-search" | "mcp" | "advisor" | "other";

/** A call that the provider made and ran itself. */
export interface HostedToolCallContent {
  readonly type: "hosted-tool-call";
  readonly id: string;
  readonly kind: HostedToolKind;
  readonly name: string;
  readonly input: JsonText;
}

/** What came of it. `text` is a summary that any protocol can show: URLs and titles, or output. */
export interface HostedToolResultContent {
  readonly type: "hosted-tool-result";
  readonly callId: string;
  readonly kind: HostedToolKind;
  readonly text: string;
  readonly sources?: readonly Citation[];
}

export interface RefusalContent {
  readonly type: "refusal";
  readonly text: string;
}

/** History replaced by a summary. */
export interface CompactionContent {
  readonly type: "compaction";
  readonly text?: string;
  readonly state?: OpaqueState;
}

/** Tools that appear or vanish in the middle of a conversation. */
export interface ToolChangeContent {
  readonly type: "tool-change";
  readonly change: "add" | "remove";
  readonly tools: readonly string[];
}

/** Content no other protocol has a word for. */
export interface OpaqueContent {
  readonly type: "opaque";
  /** The wire name of it, for the ledger. */
  readonly name: string;
}

/** One piece of content. `native` on an opaque one is the whole block, on any other what the neutral form leaves over. */
export type Content = { readonly cache?: CacheMark; readonly native?: Native } & (
  | TextContent
  | MediaContent
  | SearchResultContent
  | ToolReferenceContent
  | ReasoningContent
  | ToolCallContent
  | ToolResultContent
  | HostedToolCallContent
  | HostedToolResultContent
  | RefusalContent
  | CompactionContent
  | ToolChangeContent
  | OpaqueContent
);

/** One piece of the conversation, in order. Tool results have the role `user`. */
export type Item = Content & {
  /** Which of {@link ChatRequest.turns} it came from. */
  readonly turn: number;
  /** Where it stood in the caller's body, for errors and the ledger. */
  readonly path: string;
};

/** One message of the caller's, as it grouped them: a hint for the same protocol, and where per-turn settings live. */
export interface Turn {
  readonly role: "system" | "user" | "assistant";
  readonly effort?: Effort;
  readonly native?: Native;
}

export type Effort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";

/** The group that a tool stands in, where its protocol has groups (rules 68, 69). */
export interface ToolNamespace {
  /** The group's name. */
  readonly name: string;
  /** What the tool is called inside the group. */
  readonly tool: string;
  /** What the group is for. */
  readonly description?: string;
}

/**
 * A tool the caller offers. Its `name` is unique in the request: one in a namespace is called by both names in one, so that
 * only the protocol that has namespaces need know of them. `native` holds what the neutral form leaves over.
 */
export type Tool = { readonly path: string; readonly cache?: CacheMark; readonly native?: Native } & (
  | {
      readonly type: "function";
      readonly name: string;
      readonly namespace?: ToolNamespace;
      readonly description?: string;
      /** As the caller wrote it; each encoder lowers it to its own dialect. */
      readonly inputSchema: JsonObject;
      readonly strict?: boolean;
      /** Not offered before a tool reference or a tool change names it (rules 356, 408). */
      readonly deferred?: boolean;
    }
  | {
      readonly type: "custom";
      readonly name: string;
      readonly namespace?: ToolNamespace;
      readonly description?: string;
      /** What the text may be: `{type: "text"}`, or `{type: "grammar", syntax, definition}`. */
      readonly format?: JsonObject;
      /** As for functions. */
      readonly deferred?: boolean;
    }
  /** Run by the provider. `settings` are the caller's, in its protocol's words. */
  | { readonly type: "hosted"; readonly kind: HostedToolKind; readonly name: string; readonly settings: JsonObject }
  /** A vendor's own tool that the client runs (shell, editor, computer): known by name to that vendor's models only. */
  | { readonly type: "client"; readonly name: string; readonly vendorType: string; readonly settings: JsonObject }
);

export type ToolChoice =
  | { readonly mode: "auto" | "none" | "required" }
  | { readonly mode: "tool"; readonly name: string }
  | { readonly mode: "subset"; readonly names: readonly string[]; readonly required: boolean };

export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
}

/** What the caller said about reasoning. Absent fields leave the model's default (rule 153). */
export interface Reasoning {
  /** `adaptive`: the model decides how much. `between-tools`: only while tools run (dossier A.1.5). */
  readonly mode?: "off" | "on" | "adaptive" | "between-tools";
  readonly effort?: Effort;
  /** Tokens it may spend. */
  readonly budgetTokens?: number;
  /** Whether the caller wants to see reasoning text. */
  readonly show?: boolean;
}

/** What the answer must look like. */
export type OutputFormat =
  | { readonly type: "json-schema"; readonly schema: JsonObject; readonly name?: string; readonly strict?: boolean }
  | { readonly type: "json" };

/** One request, in no vendor's words. */
export interface ChatRequest {
  /** The model as the caller named it. */
  readonly model: string;
  readonly stream: boolean;
  /** Instructions before the conversation; later ones are items of a system turn. */
  readonly system: readonly Item[];
  readonly turns: readonly Turn[];
  readonly items: readonly Item[];
  /** Whether a turn of the assistant's that comes last is to be gone on with, as in the caller's protocol; absent: it is answered after. */
  readonly continuesLastTurn?: true;
  /** The answer is to be a summary that stands for the conversation from here on: one {@link CompactionContent}, and nothing else. */
  readonly compaction?: true;
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  /** Tokens of output, reasoning included. */
  readonly maxOutputTokens?: number;
  readonly stop?: readonly string[];
  readonly sampling: Sampling;
  readonly reasoning?: Reasoning;
  readonly outputFormat?: OutputFormat;
  /** How long the answer is to be (rule 206). */
  readonly verbosity?: "low" | "medium" | "high";
  /** Answers asked for, when more than one; a translated request can have only one (rule 199). */
  readonly choices?: number;
  /** Asks for the probabilities of the answer's tokens, with this many alternatives each. */
  readonly logprobs?: { readonly alternatives: number };
  /** What the caller says its prompts share a cache by; a session's name serves as well. */
  readonly cacheKey?: string;
  /** Who the caller's end user is, as the caller said. */
  readonly endUser?: string;
  /** Every other top-level field. */
  readonly native?: Native;
}

/**
 * Tokens of one answer. `input` counts every prompt token, cached or not; `cacheRead` and `cacheWrite` are slices of it;
 * `output` includes `reasoning` (dossier B.0.2). Absent means unknown, which is not zero.
 */
export interface Usage {
  readonly input?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  /** The slice of `cacheWrite` kept for an hour. */
  readonly cacheWrite1h?: number;
  readonly output?: number;
  readonly reasoning?: number;
  /** Hosted searches and fetches, which are billed by call. */
  readonly webSearches?: number;
  readonly webFetches?: number;
  /** What the provider said, word for word. */
  readonly raw?: Native;
}

/** Why an answer ended (dossier B.0.1). */
export type FinishReason =
  | "stop"
  | "stop-sequence"
  | "tool-calls"
  | "length"
  | "context-full"
  | "refusal"
  | "content-filter"
  | "pause"
  | "continuation"
  | "malformed-call"
  | "compaction"
  | "other";

/** A token of the answer and how likely it was; `logprob` is a natural logarithm. */
export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
}

export interface Finish {
  readonly reason: FinishReason;
  /** The upstream's own word. */
  readonly raw?: string;
  readonly stopSequence?: string;
  /** What the upstream said about it, for a refusal or filter. */
  readonly explanation?: string;
  /** Of the whole text, when they were asked for (rule 264). */
  readonly logprobs?: readonly (TokenLogprob & { readonly alternatives: readonly TokenLogprob[] })[];
  readonly native?: Native;
}

/** A whole answer: the fold of its events. */
export interface ChatResponse {
  readonly id?: string;
  /** The model that answered, as the upstream named it. */
  readonly model?: string;
  readonly items: readonly Content[];
  readonly usage?: Usage;
  readonly finish: Finish;
  readonly native?: Native;
}
