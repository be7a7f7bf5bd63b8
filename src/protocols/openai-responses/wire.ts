/** The words of the Responses wire format (dossier A.3): what is known by name, as data. */
import type { HostedToolKind, ProtocolId } from "../../chat/chat.ts";
import type { NameLaw } from "../shared/legal-names.ts";

export const PROTOCOL = "openai-responses" satisfies ProtocolId;

/** What a tool may be called (A.3.1, rule 70). */
export const NAME_LAW: NameLaw = { legal: /^[a-zA-Z0-9_-]{1,64}$/, illegal: /[^a-zA-Z0-9_-]/g, maxLength: 64 };

/** Longer ids of calls are refused (A.3.1, rule 49). */
export const MAX_CALL_ID_CHARS = 64;

/** The least that `max_output_tokens` may be (rule 190; recordings, text behind oddity 56). */
export const MIN_OUTPUT_TOKENS = 16;

/** OpenAI's own tools that the client runs, whatever the request says (A.3.1). */
export const CLIENT_TOOL_TYPES: ReadonlySet<string> = new Set([
  "local_shell",
  "apply_patch",
  "computer",
  "computer_use",
  "computer_use_preview",
]);

/** Tools the provider runs, by the start of their type, which some have with a date (A.3.1). */
export const HOSTED_TOOL_TYPES: readonly (readonly [string, HostedToolKind])[] = [
  ["web_search", "web-search"],
  ["code_interpreter", "code-execution"],
  ["shell", "code-execution"],
  ["tool_search", "tool-search"],
  ["mcp", "mcp"],
];

/** How a client asks for the state of reasoning (A.3.1, rule 371). */
export const INCLUDE_STATE = "reasoning.encrypted_content";

/** How a client asks for how likely the tokens of the answer were. */
export const INCLUDE_LOGPROBS = "message.output_text.logprobs";

/** What some servers send behind the last event, as Chat does. */
const DONE = "[DONE]";

/** Whether a frame of a stream holds no event. */
export function saysNothing(data: string): boolean {
  return data === "" || data.trim() === DONE;
}
