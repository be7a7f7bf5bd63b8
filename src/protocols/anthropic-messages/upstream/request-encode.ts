/** A neutral request to a Messages request (A.1.2, B.4, B.10). Pure, and append-stable: a longer history begins as the shorter did (rule 4). */
import type { ChatRequest } from "../../../chat/chat.ts";
import { writeJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { askInWords } from "../../shared/compaction.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { withoutToolChanges } from "../../shared/offered-tools.ts";
import type { EncodedRequest, EncodeTarget } from "../../protocol.ts";
import { recordChoices, recordLogprobs, recordVerbosity } from "../../shared/single-answer.ts";
import { protocolHeaders } from "./betas.ts";
import { limitCacheMarks } from "./cache-marks.ts";
import { encodeContent } from "./content-encode.ts";
import { declaredTools } from "./deferred-tools.ts";
import { encodeFormat, type EncodedFormat } from "./format-encode.ts";
import { leftover, ownFields } from "../native.ts";
import { encodeReasoning, reasons } from "./reasoning-encode.ts";
import { encodeMaxTokens, encodeSampling, stopSequences } from "./sampling-encode.ts";
import { callsLackThinking, replaysThinking } from "./thinking-history.ts";
import { encodeToolChoice, type EncodedToolChoice } from "./tool-choice-encode.ts";
import { encodeTools } from "./tools-encode.ts";
import { encodeMessages } from "./turns-encode.ts";
import { ANSWER_TOOL, PROTOCOL } from "../wire.ts";

/** Native fields that are merged with neutral ones instead of standing beside them. */
const MERGED = ["thinking", "output_config", "metadata", "tool_choice"];

/** @throws GatewayError `invalid-request` when nothing is left to answer. */
export function encodeRequest(request: ChatRequest, target: EncodeTarget): EncodedRequest {
  const body = encodeBody(request, target);
  const { scanned } = stopSequences(request, target);
  return { path: "/v1/messages", headers: protocolHeaders(body), body: writeJson(body), ...(scanned && { scanStops: scanned }) };
}

/** The body of a request. */
export function encodeBody(given: ChatRequest, target: EncodeTarget): JsonObject {
  const { losses, profile } = target;
  const request = askInWords(given, losses);
  const own = ownFields(request.native) ?? {};
  recordNative(request.native, "", PROTOCOL, losses);
  recordChoices(request, losses);
  recordLogprobs(request, losses);
  recordVerbosity(request, losses);
  if (request.cacheKey !== undefined) losses.add("cache-mark", "prompt_cache_key", "info");
  const messages = encodeMessages(request, target);
  const format = encodeFormat(request, target);
  const tools = [...encodeTools(declaredTools(request, messages, target), target), ...(format.answerTool ? [format.answerTool] : [])];
  const { choice, note } = encodeChoice(request, format, tools, target);
  const maxTokens = encodeMaxTokens(request, target);
  const history = { barred: isReasoningBarred(choice, messages, target), replayed: replaysThinking(messages) };
  const reasoning = encodeReasoning(request.reasoning, maxTokens, history, target);
  const config = encodeConfig(format, reasoning.effort, own["output_config"]);
  const system = encodeSystem(request, [note, format.note], target);
  const metadata = encodeMetadata(request, target, own["metadata"]);
  const { sent: stop } = stopSequences(request, target);
  const body = {
    model: target.model,
    max_tokens: maxTokens,
    ...(system.length > 0 && { system }),
    messages,
    ...(tools.length > 0 && { tools }),
    ...(choice && { tool_choice: choice }),
    ...(reasoning.thinking && { thinking: { ...reasoning.thinking, ...(own["thinking"] as JsonObject | undefined) } }),
    ...(Object.keys(config).length > 0 && { output_config: config }),
    ...(metadata && { metadata }),
    ...encodeSampling(request, reasons(reasoning, profile), target),
    ...(stop && { stop_sequences: stop }),
    ...leftover(own, MERGED),
    ...(request.stream && { stream: true }),
  };
  return limitCacheMarks(body, losses);
}

/** The choice of tools, which an answer that only a tool can take decides (rule 211). */
function encodeChoice(
  request: ChatRequest,
  { answerTool }: EncodedFormat,
  tools: readonly JsonObject[],
  target: EncodeTarget,
): EncodedToolChoice {
  if (!answerTool) return encodeToolChoice(request, new Set(tools.map(({ name }) => name)), target);
  const alone = tools.length === 1 || request.toolChoice?.mode === "none";
  return { choice: { ...(alone ? { type: "tool", name: ANSWER_TOOL } : { type: "any" }), disable_parallel_tool_use: true } };
}

/** Whether thinking would be refused on this request (rules 87, 147). */
function isReasoningBarred(choice: JsonObject | undefined, messages: readonly JsonObject[], { profile }: EncodeTarget): boolean {
  const forced = choice?.["type"] === "any" || choice?.["type"] === "tool";
  return (
    (forced && profile.forcedToolChoice === "without-reasoning") || (profile.thinkingBeforeCallsRequired && callsLackThinking(messages))
  );
}

/** @param notes what the wire has no field for, behind the caller's own words and always in one order (rule 213). */
function encodeSystem(request: ChatRequest, notes: readonly (string | undefined)[], target: EncodeTarget): JsonObject[] {
  const blocks = withoutToolChanges(request.system).flatMap((item) => {
    if (item.type === "text" || item.native?.protocol === PROTOCOL) return encodeContent(item, item.path, target);
    target.losses.add("system-content", item.path, "semantic");
    return [];
  });
  return [...blocks, ...notes.filter((note) => note !== undefined).map((text) => ({ type: "text", text }))];
}

function encodeConfig(encoded: EncodedFormat, effort: string | undefined, own: JsonValue | undefined): JsonObject {
  const { format, ...rest } = (own ?? {}) as JsonObject;
  const merged = encoded.format || format ? { format: { ...(format as JsonObject | undefined), ...encoded.format } } : {};
  return { ...(effort !== undefined && { effort }), ...merged, ...rest };
}

/** An address or a number of a person is not for Anthropic to know (rule 202). */
const PERSONAL = /^[^\s@]+@[^\s@]+$|^\+?[\d\s()-]{7,}$/;

function encodeMetadata({ endUser }: ChatRequest, { losses }: EncodeTarget, own: JsonValue | undefined): JsonObject | undefined {
  const personal = endUser !== undefined && PERSONAL.test(endUser);
  if (personal) losses.add("end-user", "metadata.user_id", "info");
  if ((endUser === undefined || personal) && !own) return undefined;
  return { ...(endUser !== undefined && !personal && { user_id: endUser }), ...(own as JsonObject | undefined) };
}
