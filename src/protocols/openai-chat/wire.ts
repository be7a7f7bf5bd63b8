/** The words of the Chat Completions wire format (dossier A.2): what is known by name, as data. */
import type { FinishReason, ProtocolId } from "../../chat/chat.ts";
import type { NameLaw } from "../shared/legal-names.ts";

export const PROTOCOL = "openai-chat" satisfies ProtocolId;

/** What a stream ends with. */
export const DONE = "[DONE]";

/** What a tool may be called (A.2.1, rule 70). */
export const NAME_LAW: NameLaw = { legal: /^[a-zA-Z0-9_-]{1,64}$/, illegal: /[^a-zA-Z0-9_-]/g, maxLength: 64 };

/** Reasons to finish, vendors' own words among them, and what they mean (B.0.1, rule 246). */
export const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["stop", "stop"],
  ["eos", "stop"],
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["tool_calls", "tool-calls"],
  ["tool_call", "tool-calls"],
  ["tool_use", "tool-calls"],
  ["function_call", "tool-calls"],
  ["length", "length"],
  ["max_tokens", "length"],
  ["model_length", "length"],
  ["model_context_window_exceeded", "context-full"],
  ["content_filter", "content-filter"],
  ["sensitive", "content-filter"],
  ["refusal", "refusal"],
]);
