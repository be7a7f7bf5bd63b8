/** Why an answer ended, for clients (B.0.1; rules 41, 88, 241, 244–247). */
import type { Finish } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { Held } from "../../shared/refusal-text.ts";
import { encodeLogprobs as encodeTokens } from "../../shared/openai-logprobs.ts";

/** What the answer really held, which the reason must fit. */
export interface Emitted extends Held {
  /** The calls were made as `function_call`. */
  readonly legacy: boolean;
}

/** The reason follows from what was sent, never from the upstream's word alone; a cut answer stays cut. */
export function encodeFinishReason({ reason }: Finish, { refusal, calls, legacy }: Emitted): string {
  switch (reason) {
    case "length":
    case "context-full":
    // More would come on a request of its own (rule 240): what there is was cut.
    case "continuation":
      return "length";
    case "content-filter":
      return "content_filter";
    case "refusal":
      return refusal ? "stop" : "content_filter";
    case "stop":
    case "stop-sequence":
    case "tool-calls":
    case "pause":
    case "compaction":
    case "malformed-call":
    case "other":
      if (!calls) return "stop";
      return legacy ? "function_call" : "tool_calls";
  }
}

/** The `logprobs` of a choice; `null` without any (rule 264). */
export function encodeLogprobs({ logprobs }: Finish): JsonObject | null {
  if (!logprobs) return null;
  return { content: encodeTokens(logprobs), refusal: null };
}
