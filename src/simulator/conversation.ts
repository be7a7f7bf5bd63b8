/** What a request asks for and what the brain decides, in no protocol's words. */
import type { AnswerEnd, Citation, SearchResult, Usage } from "./types.ts";

/** A tool of the request. */
export interface OfferedTool {
  readonly name: string;
  /** The group that it stands in, where the protocol has groups. */
  readonly namespace?: string;
  readonly description?: string | undefined;
  /** JSON schema of its input; `undefined` where it has none. */
  readonly schema: unknown;
  /** `custom`: its input is free text. `hosted`: the vendor runs it. Default: `function`. */
  readonly kind?: "custom" | "hosted";
  readonly strict?: boolean | undefined;
  /** What its free text must look like, as it was sent. */
  readonly format?: unknown;
  /** The vendor's own type of a tool that the caller runs; its calls are items of their own. */
  readonly wireType?: string;
  /** Not to be called before a search has found it. */
  readonly deferred?: boolean;
}

/** Text. */
export interface TextPart {
  readonly type: "text";
  readonly text: string;
  /** A Gemini signature that stands on it. */
  readonly signature?: string | undefined;
  /** Whether the prompt is marked for caching up to here. */
  readonly cacheMark?: boolean;
}

/** An image, document, recording or film. */
export interface MediaPart {
  readonly type: "media";
  readonly kind: "image" | "document" | "audio" | "video";
  readonly mimeType: string | undefined;
  readonly source: "bytes" | "url" | "file";
  /** Of `bytes`: the SHA-256 of them in hexadecimal, and how many they are. */
  readonly sha256?: string;
  readonly size?: number;
  /** Of `url` and `file`: the address or the id. */
  readonly reference?: string;
  /** The file's name. */
  readonly name?: string | undefined;
}

/** A call of a tool in the history. */
export interface CallPart {
  readonly type: "call";
  readonly id: string | undefined;
  readonly name: string;
  /** The tool's group. */
  readonly namespace?: string | undefined;
  /** The input: as it was sent where the protocol has it as text, else as compact JSON. */
  readonly arguments: string;
  /** A Gemini signature that stands on it. */
  readonly signature?: string | undefined;
  /** Whether the arguments are free text. */
  readonly custom?: boolean;
}

/** What a tool gave. */
export interface ResultPart {
  readonly type: "result";
  /** Of the call. */
  readonly id: string | undefined;
  /** The tool's, where the protocol says it here. */
  readonly name: string | undefined;
  /** Its texts, joined by newlines. */
  readonly text: string;
  /** Whether the protocol's own mark of failure is on it. */
  readonly isError: boolean;
  readonly media: readonly MediaPart[];
}

/** Reasoning that comes back. */
export interface ThinkingPart {
  readonly type: "thinking";
  readonly text: string;
  readonly signature: string | undefined;
  readonly redacted: boolean;
}

/** A refusal that comes back. */
export interface RefusalPart {
  readonly type: "refusal";
  readonly text: string;
}

/** Anything else: blocks of hosted tools and the like. */
export interface OtherPart {
  readonly type: "other";
  /** The protocol's own name for it. */
  readonly kind: string;
}

/** One piece of a turn. */
export type Part = TextPart | MediaPart | CallPart | ResultPart | ThinkingPart | RefusalPart | OtherPart;

/** One message of the history, as it stands there; tool results are the user's. */
export interface Turn {
  readonly role: "user" | "assistant" | "system";
  readonly parts: readonly Part[];
}

/** Prompt tokens by how they are billed. */
export type PromptSize = Pick<Usage, "input" | "cacheRead" | "cacheWrite">;

/** What a request asks for. What it does not say is absent. */
export interface Ask {
  readonly model: string;
  readonly stream: boolean;
  /** Texts of the instructions that stand before the conversation. */
  readonly system: readonly string[];
  readonly turns: readonly Turn[];
  readonly tools: readonly OfferedTool[];
  /** Whether tools may, must or must not be called; `names` limits which. */
  readonly choice: { readonly mode: "auto" | "none" | "required"; readonly names?: readonly string[] };
  /** Whether several tools may be called at once. */
  readonly parallel: boolean | undefined;
  /** `json`: any JSON. Otherwise what satisfies the schema. */
  readonly format: { readonly schema: unknown; readonly name?: string; readonly strict?: boolean } | "json" | "text";
  /** `hidden`: it thinks, but does not show the text. */
  readonly thinking: "off" | "hidden" | "shown";
  /** In the protocol's own word, and as a budget in tokens. */
  readonly effort: string | undefined;
  readonly thinkingBudget: number | undefined;
  /** `Infinity` where there is no limit. */
  readonly maxTokens: number;
  readonly stop: readonly string[];
  readonly sampling: Sampling;
  readonly size: PromptSize;
}

/** How tokens are drawn; what was not asked for is absent. */
export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  /** How many answers. */
  readonly candidates?: number;
}

/** The turn's texts. */
export function textsOf(turn: Turn): readonly string[] {
  return turn.parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
}

/** The turn's tool results. */
export function resultsOf(turn: Turn): readonly ResultPart[] {
  return turn.parts.filter((part) => part.type === "result");
}

/** The turn's tool calls. */
export function callsOf(turn: Turn): readonly CallPart[] {
  return turn.parts.filter((part) => part.type === "call");
}

/** The turn's media, those in tool results included. */
export function mediaOf(turn: Turn): readonly MediaPart[] {
  return turn.parts.flatMap((part) => (part.type === "media" ? [part] : part.type === "result" ? part.media : []));
}

/** Text to write. */
export interface PlannedText {
  readonly type: "text";
  readonly text: string;
  /** As it is streamed. */
  readonly pieces: readonly string[];
  /** Whether a Gemini signature stands on its end; `undefined`: as the vendor does by itself. */
  readonly signed: boolean | undefined;
  readonly citations: readonly Citation[];
}

/** A refusal to write. */
export interface PlannedRefusal {
  readonly type: "refusal";
  readonly text: string;
  readonly pieces: readonly string[];
}

/** Reasoning to show, or to keep. */
export interface PlannedThinking {
  readonly type: "thinking";
  readonly text: string;
  readonly pieces: readonly string[] | undefined;
  /** `undefined`: a minted one. `false`: none. */
  readonly signature: string | false | undefined;
}

/** A call to write. */
export interface PlannedCallBlock {
  readonly type: "call";
  readonly name: string;
  readonly namespace: string | undefined;
  readonly id: string | undefined;
  /** The parsed input; {} where the text is no JSON. */
  readonly input: unknown;
  /** The input as it is written where the protocol has it as text. */
  readonly arguments: string;
  readonly pieces: readonly string[] | undefined;
  readonly custom: boolean;
  readonly signed: boolean | undefined;
}

/** One block of an answer. */
export type PlannedBlock =
  | PlannedText
  | PlannedRefusal
  | PlannedThinking
  | PlannedCallBlock
  | { readonly type: "redacted"; readonly data: string | undefined }
  | { readonly type: "image"; readonly mimeType: string; readonly data: string }
  | { readonly type: "search"; readonly query: string; readonly results: readonly SearchResult[] };

/** The answer. */
export interface Plan {
  readonly blocks: readonly PlannedBlock[];
  readonly end: AnswerEnd;
  readonly stopSequence: string | undefined;
  /** The vendor's own reason, where a script gives it. */
  readonly finish: string | undefined;
  /** Gets the rest of an answer that breaks off. */
  readonly continuationToken: string | undefined;
  /** Whether the fragments of parallel calls come in turns, where the protocol can say which is whose. */
  readonly interleave: boolean;
  readonly usage: Usage;
  /** Milliseconds between events, where the model's name asks for them. */
  readonly chunkDelayMs: number | undefined;
}
