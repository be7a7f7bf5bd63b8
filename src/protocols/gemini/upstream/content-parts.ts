/**
 * Single pieces of content as parts. What Gemini has no part for becomes text of a fixed form, so that the same history
 * always gives the same bytes (rules 4, 7).
 */
import type { Content, MediaContent, Native, ReasoningContent, TextContent } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { mintedBy, type OpaqueState } from "../../../chat/state.ts";
import { callInputObject } from "../../shared/call-input.ts";
import { wordsFor } from "../../shared/content-words.ts";
import { mediaLabel, missingMediaText } from "../../shared/fixed-texts.ts";
import { recordContentNative, recordOpaque, WHOLE_NATIVES } from "../../shared/native-losses.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { encodeMedia } from "./media.ts";
import { wireName } from "./names.ts";
import { ownFields, withOwn } from "../native.ts";

/** One entry of `parts`. */
export type Part = JsonObject;

/** The parts for one piece of content. Calls get no sentinel here: that depends on their step. */
export function encodeContent(content: Content, path: string, target: EncodeTarget): Part[] {
  recordAnnotations(content, path, target);
  const own = ownFields(content.native);
  if (own && WHOLE_NATIVES.has(content.type)) return [own];
  const parts = encodeParts(content, path, target);
  return own ? parts.map((part, i) => (i === parts.length - 1 ? withOwn(part, own) : part)) : parts;
}

function encodeParts(content: Content, path: string, target: EncodeTarget): Part[] {
  switch (content.type) {
    case "text":
      return encodeText(content, path, target);
    case "reasoning":
      return encodeReasoning(content, path, target);
    case "tool-call": {
      const call = { functionCall: { id: content.id, name: wireName(content.name), args: callInputObject(content, path, target.losses) } };
      const signature = signatureFor(content.state, path, target);
      return [signature === undefined ? call : { ...call, thoughtSignature: signature }];
    }
    case "tool-result":
      return content.content.flatMap((inner, i) => encodeContent(inner, `${path}.content[${i}]`, target));
    case "media":
      return encodeMediaParts(content, path, target);
    case "refusal":
      return textPart(content.text);
    case "search-result":
    case "tool-reference":
    case "tool-change":
    case "hosted-tool-call":
    case "hosted-tool-result":
    case "compaction":
      return textPart(wordsFor(content, path, target.losses));
    case "opaque":
      recordOpaque(content, path, target.losses);
      return [];
  }
}

function encodeText(content: TextContent, path: string, target: EncodeTarget): Part[] {
  if (content.citations && content.citations.length > 0) target.losses.add("citations", path, "info");
  const signature = signatureFor(content.state, path, target);
  return signature === undefined ? textPart(content.text) : [{ text: content.text, thoughtSignature: signature }];
}

/** Only with a signature is a thought worth anything to the model that had it. */
function encodeReasoning(content: ReasoningContent, path: string, target: EncodeTarget): Part[] {
  const signature = ownSignature(content.state, target);
  if (signature !== undefined) return [{ text: content.text, thought: true, thoughtSignature: signature }];
  target.losses.add("foreign-reasoning", path, "info");
  return [];
}

/** What the cache mark and the native fields of a piece of content cost; content without a part of its own is judged as a whole. */
export function recordAnnotations(content: Content, path: string, { losses }: EncodeTarget): void {
  if (content.cache) losses.add("cache-mark", path, "info");
  recordContentNative(content, path, "gemini", losses);
}

/** Empty text is refused in places and means nothing (rule 35). */
function textPart(text: string): Part[] {
  return text === "" ? [] : [{ text }];
}

function encodeMediaParts(media: MediaContent & { readonly native?: Native }, path: string, target: EncodeTarget): Part[] {
  // Gemini's own parts have a place for the name.
  const label = ownFields(media.native) ? "" : mediaLabel(media);
  if ("content" in media.source) {
    const inner = media.source.content.flatMap((content, i) => encodeContent(content, `${path}.source.content[${i}]`, target));
    return [...textPart(label), ...inner];
  }
  const part = encodeMedia(media, path, target);
  return [...textPart(label), part ?? { text: missingMediaText(media) }];
}

/** The signature, when the target minted it: another's is refused (rules 137, 140). */
function ownSignature(state: OpaqueState | undefined, { issuer }: EncodeTarget): string | undefined {
  return state?.kind === "thought-signature" && mintedBy(state.issuer, issuer) ? state.value : undefined;
}

/** The signature of a text or call; one that stays behind is on the ledger. */
function signatureFor(state: OpaqueState | undefined, path: string, target: EncodeTarget): string | undefined {
  const signature = ownSignature(state, target);
  if (state && signature === undefined) target.losses.add("foreign-state", path, "info");
  return signature;
}
