/** OpenAI's models, and every other that is spoken to in Chat Completions. */
import type { Profile } from "../../protocols/profile.ts";
import type { Family } from "./family.ts";

/** A model behind an OpenAI-compatible server, of which nothing else is known. */
export const ANY_CHAT_MODEL: Profile = {
  reasoning: { control: "level", levels: ["none", "minimal", "low", "medium", "high", "xhigh", "max"] },
  thinkingForms: [],
  callStateRequired: false,
  thinkingBeforeCallsRequired: false,
  mediaInToolResults: false,
  fetches: ["image"],
  contentAfterToolResults: true,
  systemTurns: true,
  prefill: false,
  forcedToolChoice: "always",
  hostedToolsWithFunctions: true,
  showsHostedCalls: false,
  jsonSchemaOutput: true,
  jsonOutputWithFunctions: true,
  toolSchema: "json-schema",
  sampling: "all",
};

export const OPENAI_FAMILIES: readonly Family[] = [];
