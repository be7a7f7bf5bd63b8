/** What the brain is told of a request and what it decides, in no protocol's words. */
import type { Usage } from "./types.ts";

/** A tool that may be called. */
export interface OfferedTool {
  readonly name: string;
  /** JSON schema of its input. */
  readonly schema: unknown;
}

/** One turn of the history. */
export interface Turn {
  readonly role: "user" | "assistant";
  readonly texts: readonly string[];
  /** Texts of the tool results it brings. */
  readonly results: readonly string[];
  /** Whether it calls tools. */
  readonly calls: boolean;
  /** Kinds of the media it brings: "image", "document", … */
  readonly media: readonly string[];
}

/** Prompt tokens by how they are billed. */
export type PromptSize = Pick<Usage, "input" | "cacheRead" | "cacheWrite">;

/** A request for an answer. */
export interface Ask {
  readonly model: string;
  readonly turns: readonly Turn[];
  readonly tools: readonly OfferedTool[];
  /** Whether tools may, must or must not be called; `names` limits which. */
  readonly choice: { readonly mode: "auto" | "none" | "required"; readonly names?: readonly string[] };
  /** `json`: any JSON. Otherwise what satisfies the schema. */
  readonly format: { readonly schema: unknown } | "json" | "text";
  /** `hidden`: it thinks, but does not show the text. */
  readonly thinking: "off" | "hidden" | "shown";
  readonly maxTokens: number;
  readonly stop: readonly string[];
  readonly size: PromptSize;
}

/** A tool call to make. */
export interface PlannedCall {
  readonly name: string;
  readonly input: unknown;
  readonly id?: string | undefined;
}

/** The answer. */
export interface Plan {
  /** Empty when it does not think. */
  readonly thinking: string;
  readonly text: string;
  /** The text as it is streamed. */
  readonly pieces: readonly string[];
  readonly calls: readonly PlannedCall[];
  readonly end: "end" | "calls" | "length" | "stop-sequence";
  readonly stopSequence: string | undefined;
  /** The vendor's own reason, where a script gives it. */
  readonly finish: string | undefined;
  readonly usage: Usage;
  /** Milliseconds between events, where the model's name asks for them. */
  readonly chunkDelayMs: number | undefined;
}
