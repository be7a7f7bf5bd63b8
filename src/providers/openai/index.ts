/** OpenAI's own API. */
import type { ChatDialect } from "../../protocols/chat-dialect.ts";
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
  prefill: "none",
};

/** Responses carries reasoning, pictures in results and free-text tools; Chat is for its own clients. */
export const OPENAI_PROTOCOLS: Protocols = ["openai-chat"];

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
  protocolsFor: () => OPENAI_PROTOCOLS,
  authorize: ({ apiKey }) => ["authorization", `Bearer ${apiKey}`],
};
