/** The types of provider there are. This is the only file that names them all. */
import { anthropic } from "./anthropic/index.ts";
import { gemini } from "./gemini/index.ts";
import { openaiCompatible } from "./openai-compatible/index.ts";
import { openai } from "./openai/index.ts";
import type { ProviderType } from "./provider.ts";
// oxlint-disable-next-line no-restricted-imports -- the provider of that name beside this file, not src/simulator.
import { simulator } from "./simulator/index.ts";

/** In the order in which the environment is searched for their keys. */
export const providerTypes: readonly ProviderType[] = [anthropic, gemini, openai, ...openaiCompatible, simulator];
