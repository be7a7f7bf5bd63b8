/** How a content block of an answer begins. */
import type { Citation, Content } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import { asArray, asObject, asString, type JsonObject } from "../../../chat/json.ts";
import { FreeTextReader } from "../../shared/free-text.ts";
import { takesFreeText } from "../../shared/tool-lookup.ts";
import type { DecodeContext } from "../../protocol.ts";
import { decodeBlock, decodeCitation, opaque } from "../content-decode.ts";
import { annotations } from "../native.ts";
import { decodeToolName } from "./tool-names.ts";
import { ANSWER_TOOL } from "../wire.ts";

/** A block's beginning: the item with its streamed part empty, and what of that part was there already. */
export interface AnswerBlock {
  readonly item: Content;
  readonly text: string;
  readonly citations: readonly Citation[];
  /** A call's whole input as JSON text, for when no delta brings another. */
  readonly input: string;
  readonly signature: string;
  /** Reads the deltas of a free-text tool's call, which come as JSON around the text (rules 66, 67). */
  readonly wrapped?: FreeTextReader;
}

const NOTHING_YET = { text: "", citations: [], input: "", signature: "" } as const;

/** Never throws: a block that does not hold what its type promises is opaque. */
export function decodeAnswerBlock(block: JsonObject, context: DecodeContext): AnswerBlock {
  switch (block["type"]) {
    case "text":
      return decodeText(block);
    case "thinking":
      return {
        ...NOTHING_YET,
        item: { type: "reasoning", text: "", ...annotations(block, ["thinking", "signature"]) },
        text: asString(block["thinking"]) ?? "",
        signature: asString(block["signature"]) ?? "",
      };
    case "redacted_thinking": {
      const state = { issuer: context.issuer, kind: "redacted-thinking", value: asString(block["data"]) ?? "" } as const;
      return { ...NOTHING_YET, item: { type: "reasoning", text: "", state, ...annotations(block, ["data"]) } };
    }
    default:
      return decodeOther(block, context);
  }
}

function decodeText(block: JsonObject): AnswerBlock {
  const citations = (asArray(block["citations"]) ?? []).map((citation) => decodeCitation(asObject(citation) ?? {}));
  return {
    ...NOTHING_YET,
    item: { type: "text", text: "", ...annotations(block, ["text", "citations"]) },
    text: asString(block["text"]) ?? "",
    citations,
  };
}

function decodeOther(block: JsonObject, context: DecodeContext): AnswerBlock {
  const item = tryDecode(block);
  switch (item.type) {
    case "tool-call": {
      // What this tool is given is the answer (rule 211).
      if (item.name === ANSWER_TOOL && context.request?.outputFormat) {
        return { ...NOTHING_YET, item: { type: "text", text: "" }, input: item.input };
      }
      const name = decodeToolName(item.name, context.request);
      const custom = takesFreeText(context.request, name);
      return {
        ...NOTHING_YET,
        item: { ...item, name, kind: custom ? "custom" : "function", input: "" },
        input: item.input,
        ...(custom && { wrapped: new FreeTextReader() }),
      };
    }
    case "hosted-tool-call":
      return { ...NOTHING_YET, item: { ...item, input: "" }, input: item.input };
    case "compaction": {
      const { text, state, ...head } = item;
      const own = state && { ...state, issuer: context.issuer };
      return { ...NOTHING_YET, item: { ...head, ...(own && { state: own }) }, text: text ?? "" };
    }
    default:
      return { ...NOTHING_YET, item };
  }
}

function tryDecode(block: JsonObject): Content {
  try {
    // A call's input may be anything at all before its deltas come.
    return decodeBlock("input" in block || !("id" in block) ? block : { ...block, input: {} }, "content");
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return opaque(block, asString(block["type"]) ?? "unknown");
  }
}
