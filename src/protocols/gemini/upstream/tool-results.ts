/**
 * The answer to one step of tool calls: as many responses as calls, in the calls' order, whatever order and number the
 * results came in (rules 24, 27, 29, 89).
 */
import type { Content } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import {
  mediaLabel,
  missingMediaText,
  NO_OUTPUT_TEXT,
  NO_RESULT_TEXT,
  orphanHeading,
  searchResultText,
  toolLoadedText,
} from "../../shared/fixed-texts.ts";
import type { EncodeTarget } from "../../protocol.ts";
import type { CallItem, ResultItem } from "../../shared/tool-steps.ts";
import { encodeContent, recordAnnotations, type Part } from "./content-parts.ts";
import { encodeMedia } from "./media.ts";
import { wireName } from "./names.ts";
import { ownFields, withOwn } from "../native.ts";

/** The parts of the content that answers a step. */
export function encodeStepResults(calls: readonly CallItem[], paired: readonly (ResultItem | undefined)[], target: EncodeTarget): Part[] {
  const beside: Part[] = [];
  const responses = calls.map((call, i): Part => {
    const { response, media } = encodeResponse(call, paired[i], target);
    const inside = target.profile.mediaInToolResults;
    if (!inside) beside.push(...media);
    const part = {
      functionResponse: { id: call.id, name: wireName(call.name), response, ...(inside && media.length > 0 && { parts: media }) },
    };
    return withOwn(part, ownFields(paired[i]?.native));
  });
  return [...responses, ...beside];
}

/** A result whose call is not in the step before it, as text (rule 26). */
export function encodeOrphan(result: ResultItem, toolName: string | undefined, target: EncodeTarget): Part[] {
  target.losses.add("orphan-tool-result", result.path, "semantic");
  const inner = result.content.flatMap((content, i) => encodeContent(content, `${result.path}.content[${i}]`, target));
  return [{ text: orphanHeading(toolName ?? result.callId, result.isError) }, ...inner];
}

function encodeResponse(call: CallItem, result: ResultItem | undefined, target: EncodeTarget): { response: JsonObject; media: Part[] } {
  if (!result) {
    target.losses.add("missing-tool-result", call.path, "info");
    return { response: { error: NO_RESULT_TEXT }, media: [] };
  }
  recordAnnotations(result, result.path, target);
  const texts: string[] = [];
  const media: Part[] = [];
  for (const [i, content] of result.content.entries()) {
    collect(content, `${result.path}.content[${i}]`, texts, media, target);
  }
  const text = texts.filter((line) => line !== "").join("\n");
  const said = text !== "" ? text : media.length > 0 ? "(attached)" : NO_OUTPUT_TEXT;
  return { response: result.isError ? { error: said } : { output: said }, media };
}

/** Sorts a result's content into what goes into its text and what goes beside it. */
function collect(content: Content, path: string, texts: string[], media: Part[], target: EncodeTarget): void {
  switch (content.type) {
    case "text":
      recordAnnotations(content, path, target);
      texts.push(content.text);
      break;
    case "search-result":
      recordAnnotations(content, path, target);
      texts.push(searchResultText(content));
      break;
    case "tool-reference":
      recordAnnotations(content, path, target);
      texts.push(toolLoadedText(content.name));
      break;
    case "media": {
      recordAnnotations(content, path, target);
      texts.push(mediaLabel(content));
      if ("text" in content.source) texts.push(content.source.text);
      else if ("content" in content.source) {
        for (const [i, inner] of content.source.content.entries()) collect(inner, `${path}.source.content[${i}]`, texts, media, target);
      } else {
        const { detail, ...plain } = content;
        // Parts of a result have no field for it (rule 179).
        if (detail !== undefined && detail !== "auto") target.losses.add("media-detail", path, "info");
        const part = encodeMedia(plain, path, target);
        if (part) media.push(part);
        else texts.push(missingMediaText(content));
      }
      break;
    }
    default:
      for (const part of encodeContent(content, path, target)) if (typeof part["text"] === "string") texts.push(part["text"]);
  }
}
