/** The response object, which repeats what was asked with all defaults (A.3.3; rules 257, 261, 267, 268, 424). */
import type { ChatRequest, Usage } from "../../../chat/chat.ts";
import { asObject, type JsonObject } from "../../../chat/json.ts";
import type { AnswerContext } from "../../protocol.ts";
import { leftover } from "../../shared/leftover.ts";
import { ownFields } from "../native.ts";
import { idStem } from "./output.ts";
import { encodeToolChoice, encodeTools } from "./tools-encode.ts";

/** What differs from one response object of an answer to the next. */
export interface ResponseState {
  readonly status: "in_progress" | "completed" | "incomplete" | "failed";
  readonly output: readonly JsonObject[];
  readonly usage?: Usage | undefined;
  readonly error?: JsonObject;
  /** Why it is incomplete. */
  readonly reason?: string;
}

/** Encodes the response objects of one answer. */
export class ResponseEncoder {
  readonly #head: JsonObject;
  readonly #settings: JsonObject;

  constructor(context: AnswerContext) {
    const { model, createdAt, resumed } = context;
    this.#head = { id: `resp_${idStem(context)}`, object: "response", created_at: createdAt, background: false, model };
    this.#settings = resumed?.repeated ?? encodeSettings(context);
  }

  encode({ status, output, usage, error, reason }: ResponseState): JsonObject {
    return {
      ...this.#head,
      status,
      error: error ?? null,
      incomplete_details: reason === undefined ? null : { reason },
      output,
      usage: encodeUsage(usage),
      ...this.#settings,
    };
  }
}

/** Counts that nobody knows are not zero, and clients want all of them or none (rule 257, A.3.4). */
function encodeUsage(usage: Usage | undefined): JsonObject | null {
  const own = ownFields(usage?.raw);
  if (own) return own;
  const { input, output, cacheRead = 0, cacheWrite = 0, reasoning = 0 } = usage ?? {};
  if (input === undefined || output === undefined) return null;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cacheRead, cache_write_tokens: cacheWrite },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}

/** Native fields that an answer repeats as they came; the rest is the request's own business. */
const REPEATED = [
  "max_tool_calls",
  "metadata",
  "prompt",
  "prompt_cache_options",
  "prompt_cache_retention",
  "service_tier",
  "truncation",
  "user",
];

function encodeSettings({ request, keeping }: AnswerContext): JsonObject {
  const own = ownFields(request.native) ?? {};
  const { tools, toolChoice, parallelToolCalls, maxOutputTokens, sampling, logprobs, cacheKey, endUser } = request;
  const repeated = Object.fromEntries(REPEATED.flatMap((key) => (own[key] === undefined ? [] : [[key, own[key]]])));
  return {
    access_programs: null,
    conversation: keeping?.conversation === undefined ? null : { id: keeping.conversation },
    instructions: instructionsOf(request),
    max_output_tokens: maxOutputTokens ?? null,
    max_tool_calls: null,
    metadata: {},
    parallel_tool_calls: parallelToolCalls ?? true,
    previous_response_id: keeping?.previous ?? null,
    prompt_cache_key: cacheKey ?? null,
    reasoning: encodeReasoning(request, asObject(own["reasoning"])),
    safety_identifier: endUser ?? null,
    service_tier: "default",
    store: keeping?.stored ?? false,
    temperature: sampling.temperature ?? 1,
    text: encodeText(request, asObject(own["text"])),
    tool_choice: encodeToolChoice(toolChoice, tools),
    tools: encodeTools(tools.filter(({ path }) => path.startsWith("tools["))),
    top_logprobs: logprobs?.alternatives ?? 0,
    top_p: sampling.topP ?? 1,
    truncation: "disabled",
    user: null,
    ...repeated,
  };
}

function instructionsOf({ system }: ChatRequest): string | null {
  const found = system.find(({ path }) => path === "instructions");
  return found?.type === "text" ? found.text : null;
}

function encodeReasoning({ reasoning }: ChatRequest, own: JsonObject = {}): JsonObject {
  return { effort: reasoning?.effort ?? null, summary: reasoning?.show === true ? "auto" : null, ...own };
}

function encodeText({ outputFormat, verbosity }: ChatRequest, own: JsonObject = {}): JsonObject {
  const rest = asObject(own["format"]);
  return { format: { ...encodeFormat(outputFormat), ...rest }, verbosity: verbosity ?? "medium", ...leftover(own, ["format"]) };
}

function encodeFormat(format: ChatRequest["outputFormat"]): JsonObject {
  if (!format) return { type: "text" };
  if (format.type === "json") return { type: "json_object" };
  return { type: "json_schema", name: format.name ?? "response", schema: format.schema, strict: format.strict ?? false };
}
