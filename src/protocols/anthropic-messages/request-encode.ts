/** A neutral request to a Messages request (A.1.2, B.4). Pure, and append-stable: a longer history begins as the shorter did (rule 4). */
import type { ChatRequest } from "../../chat/chat.ts";
import { writeJson, type JsonObject, type JsonValue } from "../../chat/json.ts";
import { recordNative } from "../native-losses.ts";
import type { EncodedRequest, EncodeTarget } from "../protocol.ts";
import { recordChoices, recordLogprobs } from "../single-answer.ts";
import { splitStops, type StopSequences } from "../stop-sequences.ts";
import { encodeContent } from "./content-encode.ts";
import { leftover, ownFields } from "./native.ts";
import { encodeReasoning } from "./reasoning-encode.ts";
import { lowerStrictSchema } from "./schema-encode.ts";
import { encodeTool, encodeToolChoice } from "./tools-encode.ts";
import { encodeMessages } from "./turns-encode.ts";
import { PROTOCOL, VERSION } from "./wire.ts";

/** The wire demands a cap. Without one from caller or profile: what Claude Code sends for models it does not know. */
const DEFAULT_MAX_TOKENS = 32_000;

/** Native fields that are merged with neutral ones instead of standing beside them. */
const MERGED = ["thinking", "output_config", "metadata", "tool_choice"];

/** @throws GatewayError `invalid-request` when nothing is left to answer. */
export function encodeRequest(request: ChatRequest, target: EncodeTarget): EncodedRequest {
  const body = encodeBody(request, target);
  const { scanned } = stopSequences(request, target);
  return { path: "/v1/messages", headers: protocolHeaders(body), body: writeJson(body), ...(scanned && { scanStops: scanned }) };
}

/** The body of a request. */
export function encodeBody(request: ChatRequest, target: EncodeTarget): JsonObject {
  const own = ownFields(request.native) ?? {};
  recordNative(request.native, "", PROTOCOL, target.losses);
  recordChoices(request, target.losses);
  recordLogprobs(request, target.losses);
  const maxTokens = encodeMaxTokens(request, target);
  const { thinking, effort } = encodeReasoning(request.reasoning, maxTokens, target);
  const config = encodeConfig(request, effort, own["output_config"]);
  const tools = request.tools.map((tool) => encodeTool(tool, target)).filter((tool) => tool !== undefined);
  const choice = encodeToolChoice(request, target);
  const system = encodeSystem(request, target);
  const metadata = encodeMetadata(request, target, own["metadata"]);
  return {
    model: target.model,
    max_tokens: maxTokens,
    ...(system.length > 0 && { system }),
    messages: encodeMessages(request, target),
    ...(tools.length > 0 && { tools }),
    ...(choice && { tool_choice: choice }),
    ...(thinking && { thinking: { ...thinking, ...(own["thinking"] as JsonObject | undefined) } }),
    ...(Object.keys(config).length > 0 && { output_config: config }),
    ...(metadata && { metadata }),
    ...encodeSampling(request, target),
    ...leftover(own, MERGED),
    ...(request.stream && { stream: true }),
  };
}

function encodeMaxTokens({ maxOutputTokens }: ChatRequest, { profile, losses }: EncodeTarget): number {
  const cap = profile.maxOutputTokens;
  if (maxOutputTokens === undefined) return cap ?? DEFAULT_MAX_TOKENS;
  if (cap === undefined || maxOutputTokens <= cap) return maxOutputTokens;
  losses.add("max-output-tokens", "max_tokens", "info");
  return cap;
}

function encodeSystem(request: ChatRequest, target: EncodeTarget): JsonObject[] {
  const blocks = request.system.flatMap((item) => encodeContent(item, item.path, target));
  // The wire has no form for "any JSON" (rule 213).
  return request.outputFormat?.type === "json"
    ? [...blocks, { type: "text", text: "Answer with one JSON object and nothing else." }]
    : blocks;
}

function encodeConfig({ outputFormat }: ChatRequest, effort: string | undefined, own: JsonValue | undefined): JsonObject {
  const { format, ...rest } = (own ?? {}) as JsonObject;
  const schema = outputFormat?.type === "json-schema" && { type: "json_schema", schema: lowerStrictSchema(outputFormat.schema) };
  const merged = schema || format ? { format: { ...(format as JsonObject | undefined), ...schema } } : {};
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

/** Sequences of spaces only are refused (rule 195). */
function stopSequences(request: ChatRequest, { profile }: EncodeTarget): StopSequences {
  return splitStops(request, profile, (sequence) => sequence.trim() === "");
}

function encodeSampling(request: ChatRequest, target: EncodeTarget): JsonObject {
  const { sampling } = request;
  const { profile, losses } = target;
  const { temperature, topP, topK, ...others } = sampling;
  const sampled = profile.sampling !== "none";
  const ignored = sampled ? others : { temperature, topP, topK, ...others };
  for (const [name, value] of Object.entries(ignored)) if (value !== undefined) losses.add("sampling-ignored", name, "semantic");
  if (temperature !== undefined && temperature > 1 && sampled) losses.add("temperature-clamped", "temperature", "semantic");
  const { sent } = stopSequences(request, target);
  return {
    ...(sampled && temperature !== undefined && { temperature: Math.min(1, temperature) }),
    ...(sampled && topP !== undefined && { top_p: topP }),
    ...(sampled && topK !== undefined && { top_k: topK }),
    ...(sent && { stop_sequences: sent }),
  };
}

const TOOL_CHANGES: ReadonlySet<unknown> = new Set(["tool_addition", "tool_removal"]);

/** Betas that parts of a body need, in one order for ever (rule 431, A.1.1). */
const BETAS: readonly (readonly [beta: string, needs: (body: JsonObject) => boolean])[] = [
  ["mcp-client-2025-11-20", (body) => body["mcp_servers"] !== undefined],
  ["context-management-2025-06-27", (body) => body["context_management"] !== undefined],
  ["advanced-tool-use-2025-11-20", (body) => objects(body["tools"]).some((tool) => tool["defer_loading"] === true)],
  ["per-turn-control-2026-07-01", (body) => objects(body["messages"]).some((message) => message["output_config"] !== undefined)],
  [
    "mid-conversation-tool-changes-2026-07-01",
    (body) => objects(body["messages"]).some((message) => objects(message["content"]).some((block) => TOOL_CHANGES.has(block["type"]))),
  ],
];

function objects(value: JsonValue | undefined): readonly JsonObject[] {
  return (value as readonly JsonObject[] | undefined) ?? [];
}

/** Name, value, name, value. */
export function protocolHeaders(body: JsonObject): string[] {
  const betas = BETAS.filter(([, needs]) => needs(body)).map(([beta]) => beta);
  return ["anthropic-version", VERSION, ...(betas.length > 0 ? ["anthropic-beta", betas.join(",")] : [])];
}
