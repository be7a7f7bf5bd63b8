/** OpenAI's own API. */
import type { ChatDialect } from "../../protocols/chat-dialect.ts";
import type { ResponsesDialect } from "../../protocols/responses-dialect.ts";
import type { Protocols, ProviderType } from "../provider.ts";

/** How OpenAI speaks the protocol it made. */
export const OPENAI_DIALECT: ChatDialect = {
  maxTokensField: "max_completion_tokens",
  systemRole: "developer",
  textParts: true,
  effort: "reasoning_effort",
  streamOptions: true,
  customTools: true,
  strictFunctions: true,
  allowedTools: true,
  mostTools: 128,
  parallelToolCalls: true,
  outputFormat: "json_schema",
  topK: false,
  files: true,
  endUserField: "safety_identifier",
  promptCacheKey: true,
  verbosity: true,
  sharedFields: true,
  prefill: "none",
};

/** The same for Responses. */
export const OPENAI_RESPONSES: ResponsesDialect = {
  systemRole: "developer",
  encryptedReasoning: true,
  reasoningText: false,
  reasoningIds: false,
  reasoningSummaries: true,
  customTools: true,
  namespaces: true,
  additionalTools: true,
  toolSearch: true,
  hostedTools: ["web-search", "code-execution"],
  allowedTools: true,
  parallelToolCalls: true,
  files: true,
  endUserField: "safety_identifier",
  promptCacheKey: true,
  verbosity: true,
  compactions: true,
};

/** What Codex sends to OpenAI only. */
const RELAYED_HEADERS = ["x-codex-", "x-openai-", "x-client-request-id", "session-id", "session_id", "thread-id", "originator", "version"];

/** Responses carries reasoning, pictures in results and free-text tools; Chat is for its own clients. */
export const OPENAI_PROTOCOLS: Protocols = ["openai-responses", "openai-chat"];

export const openai: ProviderType = {
  type: "openai",
  alsoCalled: ["chatgpt", "gpt"],
  platform: "openai",
  defaultBaseUrl: "https://api.openai.com/v1",
  environmentVariables: ["OPENAI_API_KEY"],
  keyless: false,
  models: ["gpt-*", "chatgpt-*", "o1*", "o3*", "o4*"],
  exampleModel: "gpt-6",
  chat: OPENAI_DIALECT,
  responses: OPENAI_RESPONSES,
  relayedHeaders: RELAYED_HEADERS,
  relayedFields: ["internal_chat_message_metadata_passthrough"],
  protocolsFor: () => OPENAI_PROTOCOLS,
  authorize: ({ apiKey }) => ["authorization", `Bearer ${apiKey}`],
};
