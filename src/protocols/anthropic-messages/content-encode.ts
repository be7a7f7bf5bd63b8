/** Neutral content to the blocks of a request. What the wire cannot say is dropped, and on the ledger. */
import type { Content, MediaContent, MediaSource, Native, ToolCallContent } from "../../chat/chat.ts";
import { isObject, tryParseJson, type JsonObject } from "../../chat/json.ts";
import { mintedBy } from "../../chat/state.ts";
import { recordNative } from "../native-losses.ts";
import type { EncodeTarget } from "../protocol.ts";
import { encodeCitation, encodeHostedCall, encodeHostedResult } from "./answer-content.ts";
import { escapeCallId } from "./ids.ts";
import { encodeAnnotations, ownFields } from "./native.ts";
import { encodeToolName } from "./tool-names.ts";
import { PROTOCOL } from "./wire.ts";

/** Content whose native fields are all of it: lost or kept as a whole. */
const WHOLE_NATIVES: ReadonlySet<Content["type"]> = new Set(["opaque", "hosted-tool-call", "hosted-tool-result"]);

/** The blocks one piece of content becomes: none when it is lost, several for a tool change. */
export function encodeContent(content: Content, path: string, target: EncodeTarget): JsonObject[] {
  const { losses } = target;
  if (!WHOLE_NATIVES.has(content.type)) recordNative(content.native, path, PROTOCOL, losses);
  switch (content.type) {
    case "text":
      return encodeText(content, path, target);
    case "refusal":
      return plainText(content.text);
    case "media":
      return encodeMedia(content, path, target);
    case "search-result":
      return [
        {
          type: "search_result",
          source: content.source,
          title: content.title,
          content: content.content.flatMap((part, i) => encodeContent(part, `${path}.content[${i}]`, target)),
          ...encodeAnnotations(content),
        },
      ];
    case "tool-reference":
      return [{ type: "tool_reference", tool_name: encodeToolName(content.name), ...encodeAnnotations(content) }];
    case "reasoning":
      return encodeReasoning(content, path, target);
    case "tool-call":
      return [encodeCall(content, path, target)];
    case "tool-result": {
      const blocks = content.content.flatMap((part, i) => encodeContent(part, `${path}.content[${i}]`, target));
      return [
        {
          type: "tool_result",
          tool_use_id: escapeCallId(content.callId),
          ...(blocks.length > 0 && { content: blocks }),
          ...(content.isError && { is_error: true }),
          ...encodeAnnotations(content),
        },
      ];
    }
    case "hosted-tool-call": {
      const block = ownFields(content.native) && encodeHostedCall(content);
      // Only Claude's own calls can be replayed to it; for others the result speaks (rule 225).
      if (block) return [{ ...block, input: inputObject(content.input) ?? {}, ...encodeAnnotations(content) }];
      losses.add("hosted-tool-history", path, "info");
      return [];
    }
    case "hosted-tool-result": {
      const block = ownFields(content.native) && encodeHostedResult(content);
      if (block) return [{ ...block, ...encodeAnnotations(content) }];
      losses.add("hosted-tool-history", path, "info");
      return plainText(content.text);
    }
    case "compaction":
      return encodeCompaction(content, path, target);
    case "tool-change": {
      const type = content.change === "add" ? "tool_addition" : "tool_removal";
      return content.tools.map((name) => ({
        type,
        tool: { type: "tool_reference", name: encodeToolName(name) },
        ...encodeAnnotations(content),
      }));
    }
    case "opaque": {
      const own = ownFields(content.native);
      if (!own) losses.add("opaque-content", path, "semantic");
      return own ? [own] : [];
    }
  }
}

/** Empty text is refused by the wire, and so is text of spaces only (rules 31, 32). */
function plainText(text: string): JsonObject[] {
  return text.trim() === "" ? [] : [{ type: "text", text }];
}

function encodeText(content: Extract<Content, { type: "text" }>, path: string, target: EncodeTarget): JsonObject[] {
  if (content.state) target.losses.add("foreign-state", path, "info");
  const own = content.citations?.filter((citation) => ownFields(citation.native)) ?? [];
  if (own.length < (content.citations?.length ?? 0)) target.losses.add("citations", path, "info");
  const citations = content.citations && (own.length > 0 || content.citations.length === 0) && { citations: own.map(encodeCitation) };
  return plainText(content.text).map((block) => ({ ...block, ...citations, ...encodeAnnotations(content) }));
}

/** Thinking without a proof that the target can read is refused or ignored: the text alone never stands for it (rule 131). */
function encodeReasoning(
  content: Extract<Content, { type: "reasoning" }> & { native?: Native },
  path: string,
  target: EncodeTarget,
): JsonObject[] {
  const { state } = content;
  if (!state || !mintedBy(state.issuer, target.issuer)) {
    target.losses.add("foreign-reasoning", path, "info");
    return [];
  }
  const own = ownFields(content.native);
  if (state.kind === "redacted-thinking") return [{ type: "redacted_thinking", data: state.value, ...own }];
  return [{ type: "thinking", thinking: content.text, signature: state.value, ...own }];
}

function encodeCall(content: ToolCallContent & Content, path: string, target: EncodeTarget): JsonObject {
  const { losses } = target;
  if (content.state) losses.add("foreign-state", path, "info");
  if (content.namespace !== undefined) losses.add("tool-namespace", path, "semantic");
  return {
    type: "tool_use",
    id: escapeCallId(content.id),
    name: encodeToolName(content.name),
    input: content.kind === "custom" ? { input: content.input } : callInput(content.input, path, target),
    ...encodeAnnotations(content),
  };
}

/** The wire takes objects only: nothing becomes an empty one, what is no object is wrapped (rules 54, 55). */
function callInput(text: string, path: string, target: EncodeTarget): JsonObject {
  const input = inputObject(text);
  if (input) return input;
  target.losses.add("tool-call-arguments", path, "semantic");
  return { _raw: text };
}

function inputObject(text: string): JsonObject | undefined {
  if (text.trim() === "") return {};
  const value = tryParseJson(text);
  if (value === null) return {};
  return isObject(value) ? value : undefined;
}

const IMAGE_TYPES: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

function encodeMedia(content: MediaContent & Content, path: string, target: EncodeTarget): JsonObject[] {
  const { kind, source, mediaType, title, context } = content;
  const own = ownFields(content.native);
  if ("fileId" in source && !own) {
    target.losses.add("media-file-id", path, "contract");
    return [];
  }
  if (kind === "audio" || kind === "video" || (kind === "image" && "base64" in source && !own && !IMAGE_TYPES.has(mediaType ?? ""))) {
    target.losses.add("media-type", path, "contract");
    return [];
  }
  return [
    {
      type: kind,
      source: { ...encodeSource(source, mediaType, path, target), ...(isObject(own?.["source"]) && own["source"]) },
      ...(title !== undefined && { title }),
      ...(context !== undefined && { context }),
      ...withoutSource(encodeAnnotations(content)),
    },
  ];
}

function encodeSource(source: MediaSource, mediaType: string | undefined, path: string, target: EncodeTarget): JsonObject {
  const label = mediaType === undefined ? {} : { media_type: mediaType };
  if ("base64" in source) return { type: "base64", ...label, data: standardBase64(source.base64) };
  if ("url" in source) return { type: "url", ...label, url: source.url };
  if ("fileId" in source) return { type: "file", ...label, file_id: source.fileId };
  if ("text" in source) return { type: "text", media_type: mediaType ?? "text/plain", data: source.text };
  return { type: "content", content: source.content.flatMap((part, i) => encodeContent(part, `${path}.source.content[${i}]`, target)) };
}

/** Some clients write base64 with line breaks, or in its URL alphabet (rule 181). */
function standardBase64(data: string): string {
  return /[-_\s]/.test(data) ? data.replaceAll(/\s/g, "").replaceAll("-", "+").replaceAll("_", "/") : data;
}

function withoutSource({ source: _source, ...rest }: JsonObject): JsonObject {
  return rest;
}

function encodeCompaction(content: Extract<Content, { type: "compaction" }> & Content, path: string, target: EncodeTarget): JsonObject[] {
  const { state, text } = content;
  const minted = state && mintedBy(state.issuer, target.issuer);
  if (!minted && !ownFields(content.native)) {
    target.losses.add("compaction-state", path, text === undefined ? "semantic" : "info");
    return plainText(text ?? "");
  }
  return [{ type: "compaction", content: text ?? null, ...(minted && { encrypted_content: state.value }), ...encodeAnnotations(content) }];
}
