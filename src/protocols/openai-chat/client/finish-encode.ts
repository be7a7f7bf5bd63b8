/** Why an answer ended, for clients (B.0.1; rules 41, 88, 241, 244–247). */
import type { Finish, TokenLogprob } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";

/** What the answer really held, which the reason must fit. */
export interface Emitted {
  readonly content: boolean;
  readonly refusal: boolean;
  readonly calls: boolean;
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

/** What a refusal says that came without words of its own (rule 241). */
export function refusalText({ reason, explanation }: Finish, { content, refusal, calls }: Emitted): string | undefined {
  if (content || refusal || calls || (reason !== "refusal" && reason !== "content-filter")) return undefined;
  return explanation;
}

/** The `logprobs` of a choice; `null` without any (rule 264). */
export function encodeLogprobs({ logprobs }: Finish): JsonObject | null {
  if (!logprobs) return null;
  const content = logprobs.map(({ alternatives, ...token }) => ({ ...encodeToken(token), top_logprobs: alternatives.map(encodeToken) }));
  return { content, refusal: null };
}

function encodeToken({ token, logprob }: TokenLogprob): JsonObject {
  return { token, logprob, bytes: [...Buffer.from(token)] };
}
