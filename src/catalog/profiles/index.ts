/**
 * What each model family can do: the data behind {@link Profile}. A row is a pattern and what differs from its vendor's
 * newest model, and an unknown name counts as the newest (dossier D.2 item 4), so that a model released tomorrow works.
 */
import type { ProtocolId } from "../../chat/chat.ts";
import type { Profile } from "../../protocols/profile.ts";
import { CLAUDE_FAMILIES, CLAUDE_PLATFORM_FACTS, NEWEST_CLAUDE } from "./claude.ts";
import type { Family } from "./family.ts";
import { GEMINI_FAMILIES, NEWEST_GEMINI } from "./gemini.ts";
import { OPEN_MODEL_FAMILIES, HOST_FACTS } from "./open-models.ts";
import { ANY_CHAT_MODEL, OPENAI_FAMILIES } from "./openai.ts";

const FAMILIES: readonly Family[] = [...GEMINI_FAMILIES, ...CLAUDE_FAMILIES, ...OPENAI_FAMILIES, ...OPEN_MODEL_FAMILIES];

/** What the unknown models of a protocol are taken for. */
const NEWEST: Readonly<Record<ProtocolId, Profile>> = {
  "anthropic-messages": NEWEST_CLAUDE,
  gemini: NEWEST_GEMINI,
  "openai-chat": ANY_CHAT_MODEL,
  "openai-responses": ANY_CHAT_MODEL,
};

/** What changes on a platform whatever the model. Vertex does not know `includeServerSideToolInvocations` (rule 392). */
const PLATFORM_FACTS: Readonly<Partial<Record<ProtocolId, Readonly<Record<string, Partial<Profile>>>>>> = {
  "anthropic-messages": CLAUDE_PLATFORM_FACTS,
  gemini: { vertex: { showsHostedCalls: false } },
  "openai-chat": HOST_FACTS,
  "openai-responses": HOST_FACTS,
};

/** What a protocol has, or lacks, whatever the model (dossier A.3.1; rules 75, 197). */
const PROTOCOL_FACTS: Readonly<Partial<Record<ProtocolId, Partial<Profile>>>> = {
  "openai-responses": { mediaInToolResults: true, maxStopSequences: 0, fetches: ["image", "document"] },
};

/** Where a model is, and how it is spoken to. */
export interface ModelPlace {
  /** The provider's platform, as in its issuer. */
  readonly platform: string;
  /** The upstream's name of the model, a leading `models/` included or not. */
  readonly model: string;
  readonly protocol: ProtocolId;
}

/** The facts about a model. */
export function profileFor({ platform, model, protocol }: ModelPlace): Profile {
  const name = model.slice(model.lastIndexOf("/") + 1);
  const profile = FAMILIES.find((family) => family.models.test(name))?.profile ?? NEWEST[protocol];
  const [general, facts] = [PROTOCOL_FACTS[protocol], PLATFORM_FACTS[protocol]?.[platform]];
  return general || facts ? { ...profile, ...general, ...facts } : profile;
}
