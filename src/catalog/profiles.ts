/**
 * What each model family can do: the data behind {@link Profile}. A row is a pattern and what differs from its vendor's
 * newest model, and an unknown name counts as the newest (dossier D.2 item 4), so that a model released tomorrow works.
 */
import type { Profile } from "../protocols/profile.ts";

interface Family {
  /** Over the bare model name. The first that matches counts. */
  readonly models: RegExp;
  readonly profile: Profile;
}

/** Dossier A.4.2, B.0.5. It always reasons, and takes levels only. */
const NEWEST_GEMINI: Profile = {
  maxOutputTokens: 65_536,
  reasoning: { control: "level", levels: ["low", "medium", "high"] },
  callStateRequired: true,
  mediaInToolResults: true,
  fetchesMedia: true,
  contentAfterToolResults: true,
  hostedToolsWithFunctions: true,
  showsHostedCalls: true,
  jsonOutputWithFunctions: true,
  toolSchema: "json-schema",
  sampling: true,
  maxStopSequences: 5,
};

/** Before signatures were demanded and results could hold media (rules 76, 137, 214, 229). */
const GEMINI_2: Profile = {
  ...NEWEST_GEMINI,
  callStateRequired: false,
  mediaInToolResults: false,
  contentAfterToolResults: false,
  hostedToolsWithFunctions: false,
  showsHostedCalls: false,
  jsonOutputWithFunctions: false,
};

const NEWEST_CLAUDE: Profile = {
  maxOutputTokens: 128_000,
  reasoning: { control: "level", levels: ["low", "medium", "high", "xhigh", "max"] },
  callStateRequired: false,
  mediaInToolResults: true,
  fetchesMedia: true,
  contentAfterToolResults: true,
  hostedToolsWithFunctions: true,
  showsHostedCalls: true,
  jsonOutputWithFunctions: true,
  toolSchema: "json-schema",
  sampling: false,
};

const FAMILIES: readonly Family[] = [
  {
    models: /^gemini-(?:1\.|2\.0-)|^gemma-/,
    profile: { ...GEMINI_2, maxOutputTokens: 8192, fetchesMedia: false, reasoning: { control: "none" } },
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
  { models: /^gemini-4-argon/, profile: { ...NEWEST_GEMINI, sampling: false } },
  { models: /^claude-/, profile: NEWEST_CLAUDE },
];

/** What a platform's unknown models are taken for. */
const NEWEST: Readonly<Record<string, Profile>> = { anthropic: NEWEST_CLAUDE };

/** What changes on a platform whatever the model. Vertex does not know `includeServerSideToolInvocations` (rule 392). */
const PLATFORM_FACTS: Readonly<Record<string, Partial<Profile>>> = { vertex: { showsHostedCalls: false } };

/**
 * The facts about a model.
 * @param platform the provider's platform, as in its issuer.
 * @param model the upstream's name of it, a leading `models/` included or not.
 */
export function profileFor(platform: string, model: string): Profile {
  const name = model.slice(model.lastIndexOf("/") + 1);
  const profile = FAMILIES.find((family) => family.models.test(name))?.profile ?? NEWEST[platform] ?? NEWEST_GEMINI;
  const facts = PLATFORM_FACTS[platform];
  return facts ? { ...profile, ...facts } : profile;
}
