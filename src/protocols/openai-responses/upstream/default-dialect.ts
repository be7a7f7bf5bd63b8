/** What is taken for granted of a Responses server that nobody describes: messages, functions and their results. */
import type { EncodeTarget } from "../../protocol.ts";
import type { ResponsesDialect } from "../../responses-dialect.ts";

const DEFAULT_DIALECT: ResponsesDialect = {
  systemRole: "system",
  encryptedReasoning: false,
  reasoningText: false,
  reasoningIds: true,
  reasoningSummaries: false,
  customTools: false,
  namespaces: false,
  additionalTools: false,
  toolSearch: false,
  hostedTools: [],
  allowedTools: false,
  parallelToolCalls: true,
  files: false,
  promptCacheKey: false,
  verbosity: false,
  compactions: false,
};

/** How the target speaks. */
export function dialectOf({ profile }: EncodeTarget): ResponsesDialect {
  return profile.responses ?? DEFAULT_DIALECT;
}
