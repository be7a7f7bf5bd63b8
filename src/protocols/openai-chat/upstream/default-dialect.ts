/** What is taken for granted of a Chat server that nobody describes: the oldest fields, which all of them have. */
import type { ChatDialect } from "../../chat-dialect.ts";
import type { EncodeTarget } from "../../protocol.ts";

export const DEFAULT_DIALECT: ChatDialect = {
  maxTokensField: "max_tokens",
  systemRole: "system",
  textParts: false,
  effort: "reasoning_effort",
  streamOptions: true,
  customTools: false,
  strictFunctions: false,
  allowedTools: false,
  parallelToolCalls: true,
  outputFormat: "json_schema",
  topK: false,
  files: false,
  promptCacheKey: false,
  verbosity: false,
  sharedFields: false,
  prefill: "none",
};

/** How the target speaks. */
export function dialectOf({ profile }: EncodeTarget): ChatDialect {
  return profile.chat ?? DEFAULT_DIALECT;
}
