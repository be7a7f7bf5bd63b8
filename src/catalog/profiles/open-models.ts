/** Models of other vendors that are spoken to in Chat Completions, on whichever host (dossier B.0.4, B.0.5). */
import type { Profile } from "../../protocols/profile.ts";
import type { Family } from "./family.ts";
import { ANY_CHAT_MODEL } from "./openai.ts";

/** It reasons, and can only be switched. */
const SWITCHED: Profile["reasoning"] = { control: "level", levels: ["none", "high"] };

/** It reasons, and nobody can tell it how. */
const UNTOLD: Profile["reasoning"] = { control: "level", levels: [] };

/** While these reason no tool can be demanded, and sampling has no effect. */
const DEEPSEEK: Profile = {
  ...ANY_CHAT_MODEL,
  reasoning: { control: "level", levels: ["none", "low", "high", "max"] },
  reasonsByDefault: true,
  media: [],
  systemTurns: true,
  forcedToolChoice: "without-reasoning",
  sampling: "without-reasoning",
};

const KIMI: Profile = {
  ...ANY_CHAT_MODEL,
  reasoning: SWITCHED,
  reasonsByDefault: true,
  fetches: [],
  forcedToolChoice: "without-reasoning",
};

const GROK: Profile = { ...ANY_CHAT_MODEL, reasoning: UNTOLD, systemTurns: true };

/** From 4.3 on it can be told how much to reason, and from 4.5 on not to stop. */
const NEWEST_GROK: Profile = {
  ...GROK,
  reasoning: { control: "level", levels: ["low", "medium", "high"] },
  reasonsByDefault: true,
  maxStopSequences: 0,
};

export const OPEN_MODEL_FAMILIES: readonly Family[] = [
  { models: /^deepseek-(?:reasoner|r1)/i, profile: { ...DEEPSEEK, reasoning: UNTOLD, forcedToolChoice: "never", sampling: "none" } },
  { models: /^deepseek-(?:chat|v3)/i, profile: { ...DEEPSEEK, reasonsByDefault: false } },
  { models: /^deepseek-/i, profile: DEEPSEEK },
  { models: /^kimi-k2-(?:0|turbo|instruct)|^moonshot-v1/i, profile: { ...ANY_CHAT_MODEL, reasoning: { control: "none" }, fetches: [] } },
  { models: /^kimi-k2-thinking|^kimi-k3/i, profile: { ...KIMI, reasoning: UNTOLD } },
  { models: /^kimi-/i, profile: KIMI },
  { models: /^grok-[34]-mini/, profile: { ...GROK, reasoning: { control: "level", levels: ["low", "high"] }, maxStopSequences: 0 } },
  { models: /^grok-3|^grok-2|non-reasoning/, profile: { ...GROK, reasoning: { control: "none" }, maxStopSequences: 4 } },
  { models: /^grok-4(?:-|$|\.(?:1|20)\b)|^grok-code/, profile: { ...GROK, reasonsByDefault: true, maxStopSequences: 0 } },
  { models: /^grok-4\.3/, profile: { ...NEWEST_GROK, reasoning: { control: "level", levels: ["none", "low", "medium", "high"] } } },
  { models: /^grok-/, profile: NEWEST_GROK },
  { models: /^magistral-/, profile: { ...ANY_CHAT_MODEL, reasoning: UNTOLD, reasonsByDefault: true } },
  { models: /^mistral-(?:small|medium)/, profile: { ...ANY_CHAT_MODEL, reasoning: SWITCHED } },
  {
    models: /^(?:open-)?(?:mistral|ministral|codestral|devstral|pixtral)-/,
    profile: { ...ANY_CHAT_MODEL, reasoning: { control: "none" } },
  },
  {
    models: /^glm-/i,
    profile: { ...ANY_CHAT_MODEL, reasoning: SWITCHED, reasonsByDefault: true, systemTurns: true, forcedToolChoice: "never" },
  },
  { models: /^qwen|^qwq/i, profile: { ...ANY_CHAT_MODEL, reasoning: SWITCHED, forcedToolChoice: "without-reasoning" } },
];

/**
 * What holds on a host whatever the model. Servers of one's own fetch nothing, or are not to: a caller's URL would have
 * them ask inside the operator's network, where some of them follow any redirect (CVE-2026-24779).
 */
export const HOST_FACTS: Readonly<Record<string, Partial<Profile>>> = {
  ollama: { fetches: [] },
  vllm: { fetches: [] },
  "llama.cpp": { fetches: [] },
  "lm-studio": { fetches: [] },
  "openai-compatible": { fetches: [] },
  moonshot: { fetches: [] },
};
