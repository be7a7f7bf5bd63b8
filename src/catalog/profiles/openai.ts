/** OpenAI's models as its protocols take them (dossier A.2.1, A.3.1, B.0.5), and what is known of a model of which nothing is. */
import type { Effort } from "../../chat/chat.ts";
import type { Profile } from "../../protocols/profile.ts";
import type { Family } from "./family.ts";

/** A model behind an OpenAI-compatible server, of which nothing else is known. */
export const ANY_CHAT_MODEL: Profile = {
  reasoning: { control: "level", levels: ["none", "minimal", "low", "medium", "high", "xhigh", "max"] },
  thinkingForms: [],
  callStateRequired: false,
  thinkingBeforeCallsRequired: false,
  mediaInToolResults: false,
  mediaDetail: true,
  fetches: ["image"],
  contentAfterToolResults: true,
  // Many templates of open models take instructions at the beginning only (dossier B.1).
  systemTurns: false,
  prefill: false,
  forcedToolChoice: "always",
  hostedToolsWithFunctions: true,
  showsHostedCalls: false,
  jsonSchemaOutput: true,
  jsonOutputWithFunctions: true,
  toolSchema: "json-schema",
  sampling: "all",
  // What the protocol promises; the rest are looked for here (rule 196).
  maxStopSequences: 4,
};

/** OpenAI's models that answer at once. */
const GPT_4: Profile = {
  ...ANY_CHAT_MODEL,
  maxOutputTokens: 16_384,
  reasoning: { control: "none" },
  media: ["image", "document"],
  systemTurns: true,
  verbosity: false,
};

/** Those that reason take neither sampling nor stop sequences (rules 193, 196). */
const O_SERIES: Profile = {
  ...GPT_4,
  maxOutputTokens: 100_000,
  reasoning: { control: "level", levels: ["low", "medium", "high"] },
  reasonsByDefault: true,
  sampling: "none",
  maxStopSequences: 0,
};

const GPT_5: Profile = { ...O_SERIES, maxOutputTokens: 128_000, reasoning: levels("minimal", "low", "medium", "high"), verbosity: true };

/** From here on reasoning can be switched off, and is unless it is asked for; only then they sample. */
const GPT_5_1: Profile = {
  ...GPT_5,
  reasoning: levels("none", "low", "medium", "high"),
  reasonsByDefault: false,
  sampling: "without-reasoning",
};

const GPT_5_2: Profile = { ...GPT_5_1, reasoning: levels("none", "low", "medium", "high", "xhigh") };

/** From here on functions and an effort together are for Responses only (dossier 0.1). */
const GPT_5_4: Profile = { ...GPT_5_2, effortWithFunctions: false };

/** From here on it reasons again unless it is told not to. */
const GPT_5_5: Profile = { ...GPT_5_4, reasonsByDefault: true };

const GPT_6: Profile = {
  ...GPT_5_5,
  reasoning: levels("none", "low", "medium", "high", "xhigh", "max"),
  sampling: "none",
};

/** Some refuse to be switched off (dossier A.2.1). */
const GPT_6_ALWAYS: Profile = { ...GPT_6, reasoning: levels("low", "medium", "high", "xhigh", "max") };

const GPT_6_2: Profile = { ...GPT_6_ALWAYS, reasoning: levels("low", "medium", "high", "xhigh") };

/** Offered in Responses only: models that take their time, write code, or run searches and computers. */
const ONLY_IN_RESPONSES: Partial<Profile> = { onlyIn: "openai-responses", sampling: "none", reasonsByDefault: true };
const ONLY_IN_CHAT: Partial<Profile> = { onlyIn: "openai-chat" };

function levels(...list: readonly Effort[]): Profile["reasoning"] {
  return { control: "level", levels: list };
}

/** Search is what these are for; they sample nothing else (rule 223). */
const SEARCHING: Partial<Profile> = { webSearch: true, sampling: "none" };

export const OPENAI_FAMILIES: readonly Family[] = [
  // Open weights, on anyone's server.
  {
    models: /^gpt-oss/,
    profile: { ...ANY_CHAT_MODEL, reasoning: levels("low", "medium", "high"), reasonsByDefault: true, media: [], systemTurns: true },
  },
  { models: /^gpt-4o(?:-mini)?-search|^gpt-5-search/, profile: { ...GPT_4, ...SEARCHING, ...ONLY_IN_CHAT } },
  { models: /^gpt-4o(?:-mini)?-audio|^gpt-audio/, profile: { ...GPT_4, ...ONLY_IN_CHAT, media: ["audio", "document"] } },
  { models: /^gpt-3\.5/, profile: { ...GPT_4, maxOutputTokens: 4096, media: [], jsonSchemaOutput: false, webSearch: false } },
  { models: /^gpt-4\.1-nano/, profile: { ...GPT_4, maxOutputTokens: 32_768, webSearch: false } },
  { models: /^gpt-4\.[15]/, profile: { ...GPT_4, maxOutputTokens: 32_768 } },
  { models: /^gpt-4(?!o)/, profile: { ...GPT_4, maxOutputTokens: 4096, jsonSchemaOutput: false, webSearch: false } },
  { models: /^gpt-4o|^chatgpt-4o|^gpt-5(?:\.\d+)?-chat/, profile: GPT_4 },
  { models: /^o\d(?:-mini)?-deep-research/, profile: { ...O_SERIES, ...ONLY_IN_RESPONSES, reasoning: levels("medium") } },
  { models: /^computer-use-preview/, profile: { ...O_SERIES, ...ONLY_IN_RESPONSES, reasoning: levels(), webSearch: false } },
  { models: /^o1-pro/, profile: { ...O_SERIES, ...ONLY_IN_RESPONSES, webSearch: false } },
  { models: /^o\d-pro/, profile: { ...O_SERIES, ...ONLY_IN_RESPONSES } },
  { models: /^gpt-5-pro/, profile: { ...GPT_5, ...ONLY_IN_RESPONSES, reasoning: levels("high") } },
  { models: /^gpt-[\d.]+-pro/, profile: { ...GPT_5, ...ONLY_IN_RESPONSES, reasoning: levels("medium", "high", "xhigh") } },
  {
    models: /^codex-|^gpt-5(?:\.1)?-codex(?!-max)/,
    profile: { ...GPT_5, ...ONLY_IN_RESPONSES, reasoning: levels("low", "medium", "high") },
  },
  { models: /^gpt-[\d.]+-codex/, profile: { ...GPT_5, ...ONLY_IN_RESPONSES, reasoning: levels("low", "medium", "high", "xhigh") } },
  { models: /^o1/, profile: { ...O_SERIES, maxStopSequences: 4, webSearch: false } },
  { models: /^o3-mini/, profile: { ...O_SERIES, webSearch: false } },
  { models: /^o\d/, profile: O_SERIES },
  { models: /^gpt-5(?:-|$)/, profile: GPT_5 },
  { models: /^gpt-5\.1/, profile: GPT_5_1 },
  { models: /^gpt-5\.[23]/, profile: GPT_5_2 },
  { models: /^gpt-5\.4/, profile: GPT_5_4 },
  { models: /^gpt-5\./, profile: GPT_5_5 },
  { models: /^gpt-6-astra|^gpt-6\.1-sol/, profile: GPT_6_ALWAYS },
  { models: /^gpt-6(?:\.1)?(?:-|$)/, profile: GPT_6 },
  // An unknown one is taken for the newest (dossier D.2 item 4).
  { models: /^gpt-\d/, profile: GPT_6_2 },
];
