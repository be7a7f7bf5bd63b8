/** What reading one item of an answer is, whatever its type. */
import type { JsonObject } from "../../../chat/json.ts";
import type { Logprobs } from "../../shared/openai-logprobs.ts";
import type { DecodeContext } from "../../protocol.ts";
import type { EventWriter } from "./event-writer.ts";
import type { CalledNames } from "./tool-names-encode.ts";

/** Follows one item. What streams is told as it comes; what does not, when the item is done. */
export interface ItemReader {
  /** Takes its place among the items, before what comes next; absent: it takes one when it has something to tell. */
  begin?(): unknown;
  /** An event about it. @param name without `response.` before it. */
  event?(name: string, event: JsonObject): void;
  /** The item as it is at the end: what has not been told is told now (rules 303, 304). */
  done(item: JsonObject): void;
  /** It ends without having been told whole. */
  end?(): void;
}

/** What readers of one answer share. */
export interface AnswerReading {
  readonly writer: EventWriter;
  readonly context: DecodeContext;
  readonly names: CalledNames;
  /** What the answer was found to hold. */
  readonly found: Findings;
}

/** What decides how an answer ended, and what is told of it as a whole. */
export class Findings {
  calls = 0;
  refused = false;
  webSearches = 0;
  /** The latest search for tools: nothing but its place says which one an output is of. */
  toolSearch = "";
  readonly logprobs: Logprobs[number][] = [];
}
