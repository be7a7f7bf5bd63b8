/** The words of the Messages wire format (dossier A.1): what is known by name, as data. */
import type { Effort, FinishReason, HostedToolKind, ProtocolId } from "../../chat/chat.ts";

export const PROTOCOL = "anthropic-messages" satisfies ProtocolId;

/** The version we speak of our own accord: the one that still takes sampling parameters (A.1.1, rule 431). */
export const VERSION = "2023-06-01";

/** What a client may call a tool or a call (A.1.2). */
export const TOOL_NAME = /^[a-zA-Z0-9_-]{1,128}$/;

/** Efforts the wire knows (A.1.2). */
export const EFFORTS: readonly Effort[] = ["low", "medium", "high", "xhigh", "max"];

/** Stop reasons and what they mean (B.0.1). */
export const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop-sequence"],
  ["tool_use", "tool-calls"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "context-full"],
  ["refusal", "refusal"],
  ["pause_turn", "pause"],
  ["compaction", "compaction"],
]);

/** Tools the provider runs, by the name their calls carry (A.1.3). */
export const HOSTED_CALL_KINDS: ReadonlyMap<string, HostedToolKind> = new Map([
  ["web_search", "web-search"],
  ["web_fetch", "web-fetch"],
  ["code_execution", "code-execution"],
  ["bash_code_execution", "code-execution"],
  ["text_editor_code_execution", "code-execution"],
  ["tool_search_tool_regex", "tool-search"],
  ["tool_search_tool_bm25", "tool-search"],
  ["advisor", "advisor"],
]);

/** Blocks with the result of such a tool (A.1.2). */
export const HOSTED_RESULT_KINDS: ReadonlyMap<string, HostedToolKind> = new Map([
  ["web_search_tool_result", "web-search"],
  ["web_fetch_tool_result", "web-fetch"],
  ["code_execution_tool_result", "code-execution"],
  ["bash_code_execution_tool_result", "code-execution"],
  ["text_editor_code_execution_tool_result", "code-execution"],
  ["tool_search_tool_result", "tool-search"],
  ["advisor_tool_result", "advisor"],
  ["mcp_tool_result", "mcp"],
]);

/** Declarations of tools the provider runs, by the start of their dated type (A.1.3). */
export const HOSTED_TOOL_TYPES: readonly (readonly [string, HostedToolKind])[] = [
  ["web_search_", "web-search"],
  ["web_fetch_", "web-fetch"],
  ["code_execution_", "code-execution"],
  ["tool_search_tool_", "tool-search"],
  ["advisor_", "advisor"],
  ["mcp_toolset", "mcp"],
];

/** Declarations of Anthropic's own tools that the client runs (A.1.3). */
export const CLIENT_TOOL_TYPES: readonly string[] = ["bash_", "text_editor_", "computer_", "browser_", "memory_"];

/** Hosted tools with the version that every model takes; newer ones need newer models (A.1.3). */
export const HOSTED_TOOLS: Readonly<Partial<Record<HostedToolKind, { readonly type: string; readonly name: string }>>> = {
  "web-search": { type: "web_search_20250305", name: "web_search" },
  "web-fetch": { type: "web_fetch_20250910", name: "web_fetch" },
  "code-execution": { type: "code_execution_20250825", name: "code_execution" },
  "tool-search": { type: "tool_search_tool_bm25_20251119", name: "tool_search_tool_bm25" },
};

/** The tool that stands for a format of the answer which a model cannot be held to (rule 211). */
export const ANSWER_TOOL = "answer_in_json";

/** Top-level fields of an answer with a neutral form; the rest is native. */
export const MESSAGE_KEYS: readonly string[] = ["id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"];

/** Fields of an answer's end: in a stream they come with `message_delta`, the first two inside its `delta` (A.1.4). */
export const DELTA_FIELDS: readonly string[] = ["stop_details", "container"];
export const ENDING_FIELDS: readonly string[] = [...DELTA_FIELDS, "context_management", "input_transformations"];
