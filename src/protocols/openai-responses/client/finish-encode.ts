/** Why an answer ended (B.0.1; rules 88, 242, 245): complete, or with the reason why it is not. */
import type { Finish } from "../../../chat/chat.ts";

/** How the response ends. */
export interface EncodedFinish {
  readonly status: "completed" | "incomplete";
  /** What `incomplete_details` say. */
  readonly reason?: "max_output_tokens" | "content_filter";
}

/**
 * @param refused whether the model itself said a refusal, which is a complete answer. One that its provider cut short is a
 * filter's, with the explanation as a refusal (B.0.1): Codex shows no refusals, and would seem to have been told nothing.
 */
export function encodeFinish({ reason }: Finish, refused: boolean): EncodedFinish {
  switch (reason) {
    case "length":
    case "context-full":
    // More would come on a request of its own (rule 240): what there is was cut.
    case "continuation":
      return { status: "incomplete", reason: "max_output_tokens" };
    case "refusal":
      return refused ? { status: "completed" } : { status: "incomplete", reason: "content_filter" };
    case "content-filter":
      return { status: "incomplete", reason: "content_filter" };
    case "stop":
    case "stop-sequence":
    case "tool-calls":
    case "pause":
    case "compaction":
    case "malformed-call":
    case "other":
      return { status: "completed" };
  }
}
