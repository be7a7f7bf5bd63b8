/** Pieces of an answer that come whole, as blocks. */
import type { Citation, HostedToolCallContent, HostedToolResultContent, MediaContent, Native } from "../../chat/chat.ts";
import type { JsonObject } from "../../chat/json.ts";
import { encodeForeignResult } from "./hosted.ts";
import { hostedCallId } from "./ids.ts";
import { ownFields } from "./native.ts";

/** Claude's own citation as it was; another vendor's as a search hit, with an empty index because nothing could verify one. */
export function encodeCitation(citation: Citation): JsonObject {
  return (
    ownFields(citation.native) ?? {
      type: "web_search_result_location",
      url: citation.url ?? "",
      title: citation.title ?? null,
      cited_text: citation.citedText ?? "",
      encrypted_index: "",
    }
  );
}

/** The names under which hosted calls of other vendors are shown (rule 221). */
const SHOWN_AS: Readonly<Partial<Record<HostedToolCallContent["kind"], string>>> = {
  "web-search": "web_search",
  "web-fetch": "web_fetch",
  "code-execution": "code_execution",
};

/** The beginning of a hosted call's block, its input still to come; `undefined` for a kind the wire has no block for. */
export function encodeHostedCall(call: HostedToolCallContent & { readonly native?: Native }): JsonObject | undefined {
  const own = ownFields(call.native);
  if (own) return { id: call.id, name: call.name, input: {}, ...own };
  const name = SHOWN_AS[call.kind];
  return name === undefined ? undefined : { type: "server_tool_use", id: hostedCallId(call.id), name, input: {} };
}

/** A hosted result's block; `undefined` for a kind the wire has no block for. */
export function encodeHostedResult(result: HostedToolResultContent & { readonly native?: Native }): JsonObject | undefined {
  const own = ownFields(result.native);
  return own ? { tool_use_id: result.callId, ...own } : encodeForeignResult(result);
}

/** What stands for media that the wire cannot carry in an answer (dossier B.3). */
export function mediaNote({ kind, mediaType }: MediaContent): string {
  return `[The model returned ${mediaType === undefined ? `media of kind ${kind}` : `${kind} (${mediaType})`}, which the Messages API cannot carry in an answer.]`;
}
