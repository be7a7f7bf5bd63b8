/** Results of tools as `tool` messages, which hold text only: what else a result shows goes to a user's message behind them (rules 73–78). */
import type { JsonObject } from "../../../chat/json.ts";
import { NO_RESULT_TEXT, TOOL_ERROR_PREFIX } from "../../shared/fixed-texts.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { splitResult } from "../../shared/result-text.ts";
import type { EncodeTarget } from "../../protocol.ts";
import type { CallItem, ResultItem } from "../../shared/tool-steps.ts";
import { wireCallId } from "./call-ids.ts";
import { encodeContent, type Part } from "./content-encode.ts";
import { dialectOf } from "./default-dialect.ts";
import { ownFields } from "../native.ts";
import { PROTOCOL } from "../wire.ts";

/** The answer to a step. */
export interface EncodedResults {
  readonly messages: readonly JsonObject[];
  /** Pictures and files of all results, each behind a line that says whose it is. */
  readonly media: readonly Part[];
}

/**
 * @param results in the caller's order (rule 24).
 * @param missing calls that nobody answered (rules 25, 89).
 * @param names of the tools, by call id.
 */
export function encodeResults(
  results: readonly ResultItem[],
  missing: readonly CallItem[],
  names: ReadonlyMap<string, string>,
  target: EncodeTarget,
): EncodedResults {
  const dialect = dialectOf(target);
  const media: Part[] = [];
  const messages = results.map((result): JsonObject => {
    recordNative(result.native, result.path, PROTOCOL, target.losses);
    if (result.cache && !ownFields(result.native)) target.losses.add("cache-mark", result.path, "info");
    const { text, shown } = splitResult(result.content, result.path, (content, path) => encodeContent(content, path, target));
    if (shown.length > 0)
      media.push({ type: "text", text: `Attached to the result of ${names.get(result.callId) ?? "a tool"} (${result.callId}):` }, ...shown);
    const content = result.isError ? `${TOOL_ERROR_PREFIX}${text}` : text;
    return { role: "tool", tool_call_id: wireCallId(result.callId, dialect), content, ...ownFields(result.native) };
  });
  for (const call of missing) {
    target.losses.add("missing-tool-result", call.path, "info");
    messages.push({ role: "tool", tool_call_id: wireCallId(call.id, dialect), content: `${TOOL_ERROR_PREFIX}${NO_RESULT_TEXT}` });
  }
  return { messages, media };
}
