/** Neutral content to the blocks of a request. What the wire cannot say is dropped, and on the ledger. */
import type { Content, Native, ToolCallContent } from "../../../chat/chat.ts";
import { asObject, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import { mintedBy } from "../../../chat/state.ts";
import { callInputObject } from "../../shared/call-input.ts";
import { wordsFor } from "../../shared/content-words.ts";
import { mediaLabel, missingMediaText } from "../../shared/fixed-texts.ts";
import { recordContentNative, recordOpaque } from "../../shared/native-losses.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { encodeCitation, encodeHostedCall, encodeHostedResult } from "../answer-content.ts";
import { escapeCallId } from "../ids.ts";
import { knowsDeferred } from "./deferred-tools.ts";
import { encodeMedia } from "./media-encode.ts";
import { encodeAnnotations, ownFields } from "../native.ts";
import { encodeToolName } from "./tool-names.ts";
import { PROTOCOL } from "../wire.ts";

/** The blocks one piece of content becomes: none when it is lost, several for a tool change. */
export function encodeContent(content: Content, path: string, target: EncodeTarget): JsonObject[] {
  const { losses } = target;
  recordContentNative(content, path, PROTOCOL, losses);
  switch (content.type) {
    case "text":
      return encodeText(content, path, target);
    case "refusal":
      return plainText(content.text);
    case "media": {
      const block = encodeMedia(content, path, target, inner(target));
      // Documents have a field for their names, pictures do not.
      const label = block?.["type"] === "image" ? plainText(mediaLabel(content)) : [];
      return [...label, block ?? { type: "text", text: missingMediaText(content) }];
    }
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
      if (!knowsDeferred(target.profile)) return plainText(wordsFor(content, path, losses));
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
      // Only Claude's own calls can be replayed to it (rule 225).
      if (block) return [{ ...block, input: asObject(tryParseJson(content.input)) ?? {}, ...encodeAnnotations(content) }];
      return plainText(wordsFor(content, path, losses));
    }
    case "hosted-tool-result": {
      const block = ownFields(content.native) && encodeHostedResult(content);
      if (block) return [{ ...block, ...encodeAnnotations(content) }];
      return plainText(wordsFor(content, path, losses));
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
      if (!own) recordOpaque(content, path, losses);
      return own ? [own] : [];
    }
  }
}

function inner(target: EncodeTarget): (content: Content, path: string) => JsonObject[] {
  return (content, path) => encodeContent(content, path, target);
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

/**
 * Thinking without a proof that the target can read is refused or ignored: the text alone never stands for it (rule 131).
 * Each block is judged for its own issuer's sake. Claude binds a block to everything before it (rule 130) and would refuse
 * those after one that is missing; but it never saw the missing one, because what it was sent when it minted the others was
 * encoded here as well, and the same block is always judged alike.
 */
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
  return {
    type: "tool_use",
    id: escapeCallId(content.id),
    name: encodeToolName(content.name),
    input: callInputObject(content, path, target.losses),
    ...encodeAnnotations(content),
  };
}

function encodeCompaction(content: Extract<Content, { type: "compaction" }> & Content, path: string, target: EncodeTarget): JsonObject[] {
  const { state, text } = content;
  const minted = state && mintedBy(state.issuer, target.issuer);
  if (!minted && !ownFields(content.native)) return plainText(wordsFor(content, path, target.losses));
  return [{ type: "compaction", content: text ?? null, ...(minted && { encrypted_content: state.value }), ...encodeAnnotations(content) }];
}
