/** Claude (dossier A.1.2, A.1.3, A.1.5). */
import type { Profile } from "../../protocols/profile.ts";
import type { Family } from "./family.ts";

/** For whom tools can be held back (dossier A.1.3). */
const TOOL_SEARCH = "tool_search_tool_bm25_20251119";

/** Opus 5.5, Fable 5.1 and later: they always think, and cannot be made to call a tool. */
export const NEWEST_CLAUDE: Profile = {
  maxOutputTokens: 128_000,
  reasoning: { control: "level", levels: ["low", "medium", "high", "xhigh", "max"] },
  reasonsByDefault: true,
  thinkingForms: ["adaptive"],
  callStateRequired: false,
  thinkingBeforeCallsRequired: false,
  bindsThinking: true,
  progressAsThinking: true,
  mediaInToolResults: true,
  mediaDetail: false,
  media: ["image", "document"],
  fetches: ["image", "document"],
  contentAfterToolResults: true,
  systemTurns: true,
  prefill: false,
  forcedToolChoice: "never",
  hostedToolsWithFunctions: true,
  hostedToolTypes: {
    "web-search": "web_search_20260318",
    "web-fetch": "web_fetch_20260318",
    "code-execution": "code_execution_20260521",
    "tool-search": TOOL_SEARCH,
  },
  showsHostedCalls: true,
  jsonSchemaOutput: true,
  jsonOutputWithFunctions: true,
  toolSchema: "json-schema",
  sampling: "none",
};

/** Thinks only between tools when told not to (rule 151). */
const SONNET_5_5: Profile = { ...NEWEST_CLAUDE, thinkingForms: ["adaptive", "between_tools"], maxEffortWithoutThinking: "high" };

const HAIKU_5_5: Profile = {
  ...NEWEST_CLAUDE,
  thinkingForms: ["adaptive", "disabled"],
  progressAsThinking: false,
  maxEffortWithoutThinking: "high",
  forcedToolChoice: "without-reasoning",
};

const SONNET_5: Profile = {
  ...NEWEST_CLAUDE,
  thinkingForms: ["adaptive", "disabled"],
  bindsThinking: false,
  progressAsThinking: false,
  forcedToolChoice: "without-reasoning",
};

/** Rule 152. */
const OPUS_5: Profile = { ...SONNET_5, maxEffortWithoutThinking: "high" };

/** From here back thinking has to be asked for. */
const OPUS_4_8: Profile = { ...SONNET_5, reasonsByDefault: false };

/** Before system turns (rule 17). */
const OPUS_4_7: Profile = { ...OPUS_4_8, systemTurns: false };

/** The last that takes sampling parameters and budgets. */
const CLAUDE_4_6: Profile = {
  ...OPUS_4_7,
  reasoning: { control: "level", levels: ["low", "medium", "high", "max"] },
  thinkingForms: ["adaptive", "enabled", "disabled"],
  sampling: "one",
};

/** Budgets only, prefill (rule 34), and thinking before the calls of a step (rule 147). */
const { hostedToolTypes: _newest, ...BEFORE_4_6 } = CLAUDE_4_6;
const CLAUDE_4_5: Profile = {
  ...BEFORE_4_6,
  hostedToolTypes: { "tool-search": TOOL_SEARCH },
  maxOutputTokens: 64_000,
  reasoning: { control: "budget", min: 1024, max: 63_999, off: true },
  thinkingForms: ["enabled", "disabled"],
  thinkingBeforeCallsRequired: true,
  prefill: true,
};

/** Before formats were enforced (rule 211), and before tools could be held back. */
const SONNET_4: Profile = { ...CLAUDE_4_5, jsonSchemaOutput: false, sampling: "all", hostedToolTypes: {} };
const OPUS_4: Profile = { ...SONNET_4, maxOutputTokens: 32_000, reasoning: { control: "budget", min: 1024, max: 31_999, off: true } };
const OPUS_4_1: Profile = { ...OPUS_4, sampling: "one" };

/** Before thinking. */
const CLAUDE_3_5: Profile = {
  ...SONNET_4,
  maxOutputTokens: 8192,
  reasoning: { control: "none" },
  thinkingForms: [],
  thinkingBeforeCallsRequired: false,
  forcedToolChoice: "always",
};
const CLAUDE_3: Profile = { ...CLAUDE_3_5, maxOutputTokens: 4096 };

/** A version and no later one: a date may follow it, another one or two digits may not. */
function versioned(name: string, ...versions: readonly string[]): RegExp {
  const either = versions.map((version) => version.replace(".", "[-.]")).join("|");
  return new RegExp(`${name}-(?:${either})(?!\\d|[-.]\\d{1,2}(?!\\d))`);
}

export const CLAUDE_FAMILIES: readonly Family[] = [
  { models: versioned("claude", "3"), profile: CLAUDE_3 },
  { models: versioned("claude", "3.5"), profile: CLAUDE_3_5 },
  { models: versioned("claude", "3.7"), profile: SONNET_4 },
  { models: versioned("claude-sonnet", "4", "4.0"), profile: SONNET_4 },
  { models: versioned("claude-opus", "4", "4.0"), profile: OPUS_4 },
  { models: versioned("claude-opus", "4.1"), profile: OPUS_4_1 },
  { models: versioned("claude-\\w+", "4.5"), profile: CLAUDE_4_5 },
  { models: versioned("claude-\\w+", "4.6"), profile: CLAUDE_4_6 },
  { models: versioned("claude-\\w+", "4.7"), profile: OPUS_4_7 },
  { models: versioned("claude-\\w+", "4.8"), profile: OPUS_4_8 },
  { models: versioned("claude-sonnet", "5"), profile: SONNET_5 },
  { models: versioned("claude-opus", "5"), profile: OPUS_5 },
  { models: versioned("claude-haiku", "5.5"), profile: HAIKU_5_5 },
  { models: versioned("claude-sonnet", "5.5"), profile: SONNET_5_5 },
  { models: /claude-/, profile: NEWEST_CLAUDE },
];

/** Where Claude is offered by others it does not fetch by itself (rule 170). */
export const CLAUDE_PLATFORM_FACTS: Readonly<Record<string, Partial<Profile>>> = {
  bedrock: { fetches: [] },
  vertex: { fetches: [] },
};
