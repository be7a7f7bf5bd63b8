/** Claude. */
import type { Profile } from "../../protocols/profile.ts";
import type { Family } from "./family.ts";

export const NEWEST_CLAUDE: Profile = {
  maxOutputTokens: 128_000,
  reasoning: { control: "level", levels: ["low", "medium", "high", "xhigh", "max"] },
  callStateRequired: false,
  mediaInToolResults: true,
  fetches: ["image", "document"],
  thinkingForms: ["adaptive"],
  thinkingBeforeCallsRequired: false,
  contentAfterToolResults: true,
  systemTurns: true,
  prefill: false,
  forcedToolChoice: "never",
  hostedToolsWithFunctions: true,
  showsHostedCalls: true,
  jsonSchemaOutput: true,
  jsonOutputWithFunctions: true,
  toolSchema: "json-schema",
  sampling: "none",
};

export const CLAUDE_FAMILIES: readonly Family[] = [{ models: /^claude-/, profile: NEWEST_CLAUDE }];
