/** What a client asks and what it got, in no protocol's words: the language that scenarios are written in. */

/** One piece of what a user says. */
export type Piece =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image"; readonly mediaType: string; readonly base64: string }
  | { readonly type: "image-url"; readonly url: string; readonly mediaType: string }
  | { readonly type: "document"; readonly mediaType: string; readonly base64: string; readonly name: string };

/** A tool that the client runs. */
export interface Tool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of its arguments. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** The group that it stands in, where the protocol has groups. */
  readonly namespace?: string;
}

/** A tool that the client runs on free text, where the protocol has such. */
export interface FreeTextTool {
  readonly name: string;
  readonly description: string;
}

/** Tools that the vendor knows by their type alone and the client runs, where the protocol has such: a patch, or commands. */
export type VendorTool = "apply_patch" | "shell";

/** A search of the client's for tools that it does not offer before they are found. */
export interface ToolSearch {
  readonly description: string;
  /** JSON Schema of its arguments. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly hidden: readonly Tool[];
}

/** What came of a call. */
export interface ToolResult {
  /** Which call of the last answer it belongs to, counted from 0. */
  readonly call: number;
  readonly content: string | readonly Piece[];
  /** Of a search for tools: the names of those that it found, which are all that came of it. */
  readonly found?: readonly string[];
  readonly failed?: boolean;
}

/** What one turn of the client's brings: words, or the results of the calls it got. */
export type Says = string | readonly Piece[] | { readonly results: readonly ToolResult[]; readonly words?: string };

export type ToolChoice = "auto" | "none" | "required" | { readonly tool: string } | { readonly anyOf: readonly string[] };

/** Everything about a request that is not the conversation. */
export interface Settings {
  /** Instructions; several where the protocol lets them stand apart. */
  readonly system?: readonly string[];
  readonly tools?: readonly Tool[];
  readonly freeTextTools?: readonly FreeTextTool[];
  readonly vendorTools?: readonly VendorTool[];
  /** Offered as a tool called `tool_search`. */
  readonly toolSearch?: ToolSearch;
  /** The conversation brings the tools itself, instead of the request beside it. */
  readonly toolsInHistory?: true;
  readonly toolChoice?: ToolChoice;
  /** Only `false` is ever said. */
  readonly parallelCalls?: false;
  /** What the answer must be: any JSON, or what the schema allows. */
  readonly format?: "json" | { readonly name: string; readonly schema: Readonly<Record<string, unknown>> };
  /** Tokens of output; default 1024. */
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly stop?: readonly string[];
  /** Asks the model to think this hard, and whether the client wants to read it. Absent: nothing is said. */
  readonly thinking?: { readonly effort: "low" | "medium" | "high"; readonly show: boolean };
  /** Offers the vendor's own web search. */
  readonly webSearch?: true;
  /** What the other side keeps, for the client to refer to: whole answers with all before them, or single items. */
  readonly kept?: "answers" | "items";
  /** Which kept answer the conversation begins after. */
  readonly previous?: string;
}

/** One piece of an answer, in order. */
export type OutcomePiece =
  | { readonly type: "thinking"; readonly text: string }
  | { readonly type: "text"; readonly text: string }
  | {
      readonly type: "call";
      readonly id: string;
      readonly name: string;
      /** Absent for a tool that stands in no group. */
      readonly namespace?: string;
      /** Free text for a tool that takes it. */
      readonly input: unknown;
      /** Where the SDK hands a call's arguments over as text. */
      readonly inputText?: string;
    };

/** Tokens as the client's protocol told them; `input` counts the whole prompt, `output` everything made. Absent: not told. */
export interface Tokens {
  readonly input?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly output?: number;
  readonly thinking?: number;
}

/** How an answer ended. A word outside this list is the protocol's own. */
export type Finish = "stop" | "stop-sequence" | "calls" | "length" | "refusal" | "filter" | `other: ${string}`;

/** An error as the official SDK raised it. */
export interface SdkError {
  /** The name of the class. */
  readonly class: string;
  /** Absent where the SDK has none, as for an error inside a stream. */
  readonly status?: number;
  /** The protocol's own word for the kind of error: Anthropic's and OpenAI's `type`, Google's `status`. */
  readonly type?: string;
  /** OpenAI's `code`. */
  readonly code?: string;
  readonly message: string;
  /** When to try again, in seconds, in the protocol's own idiom. */
  readonly retryAfter?: number;
}

/** What the official SDK made of an answer. */
export interface Outcome {
  readonly content: readonly OutcomePiece[];
  readonly finish?: Finish;
  /** Which stop sequence ended it, where the protocol tells. */
  readonly stopSequence?: string;
  readonly tokens?: Tokens;
  /** The model as the answer names it. */
  readonly model?: string;
  /** Addresses of the sources it quotes. */
  readonly sources: readonly string[];
  /** A refusal's own words, where the protocol has a place for them. */
  readonly refusal?: string;
  readonly error?: SdkError;
  /** What of a stream broke the protocol's grammar, and what an answer lacks, in words; empty is good. */
  readonly grammar: readonly string[];
  /** Signs of life in a stream before its end that were no content. */
  readonly heartbeats: number;
}

/** The text of an outcome, all of it. */
export function textOf({ content }: Outcome): string {
  return content.flatMap((piece) => (piece.type === "text" ? [piece.text] : [])).join("");
}

/** What could be read of the model's thinking. */
export function thinkingOf({ content }: Outcome): string {
  return content.flatMap((piece) => (piece.type === "thinking" ? [piece.text] : [])).join("");
}

/** The calls of an outcome, in order. */
export function callsOf({ content }: Outcome): readonly Extract<OutcomePiece, { type: "call" }>[] {
  return content.filter((piece) => piece.type === "call");
}
