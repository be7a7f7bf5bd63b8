/** Gemini and Gemma. */
import type { Profile } from "../../protocols/profile.ts";
import type { Family } from "./family.ts";

/** Dossier A.4.2, B.0.5. It always reasons, and takes levels only. */
export const NEWEST_GEMINI: Profile = {
  maxOutputTokens: 65_536,
  reasoning: { control: "level", levels: ["low", "medium", "high"] },
  callStateRequired: true,
  mediaInToolResults: true,
  mediaDetail: true,
  fetches: [],
  thinkingForms: [],
  thinkingBeforeCallsRequired: false,
  contentAfterToolResults: true,
  systemTurns: false,
  prefill: true,
  forcedToolChoice: "always",
  hostedToolsWithFunctions: true,
  showsHostedCalls: true,
  jsonSchemaOutput: true,
  jsonOutputWithFunctions: true,
  toolSchema: "json-schema",
  sampling: "all",
  maxStopSequences: 5,
};

/** Before signatures were demanded and results could hold media (rules 76, 137, 214, 229). */
const GEMINI_2: Profile = {
  ...NEWEST_GEMINI,
  callStateRequired: false,
  mediaInToolResults: false,
  mediaDetail: false,
  contentAfterToolResults: false,
  hostedToolsWithFunctions: false,
  showsHostedCalls: false,
  jsonOutputWithFunctions: false,
};

export const GEMINI_FAMILIES: readonly Family[] = [
  {
    models: /^gemini-(?:1\.|2\.0-)|^gemma-/,
    profile: { ...GEMINI_2, maxOutputTokens: 8192, reasoning: { control: "none" } },
  },
  {
    models: /^gemini-2\.5-flash-lite/,
    profile: { ...GEMINI_2, reasoning: { control: "budget", min: 512, max: 24_576, off: true } },
  },
  {
    models: /^gemini-2\.5-flash/,
    profile: { ...GEMINI_2, reasoning: { control: "budget", min: 1, max: 24_576, off: true } },
  },
  {
    // It cannot stop reasoning (rule 156).
    models: /^gemini-2\.5-/,
    profile: { ...GEMINI_2, reasoning: { control: "budget", min: 128, max: 32_768, off: false } },
  },
  {
    models: /^gemini-3-pro/,
    profile: { ...NEWEST_GEMINI, reasoning: { control: "level", levels: ["low", "high"] } },
  },
  {
    models: /^gemini-3(?:\.\d+)?-flash/,
    profile: { ...NEWEST_GEMINI, reasoning: { control: "level", levels: ["minimal", "low", "medium", "high"] } },
  },
  { models: /^gemini-3[.-]/, profile: NEWEST_GEMINI },
  // Rules 157 and 194.
  { models: /^gemini-4-argon/, profile: { ...NEWEST_GEMINI, sampling: "none" } },
];
