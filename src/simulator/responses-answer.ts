/** An answer in OpenAI's words: one response (dossier A.3.3). */
import type { Plan } from "./conversation.ts";
import { fieldsOf, listOf, type Fields } from "./json-values.ts";
import { isOpenAi, modelFacts } from "./openai-models.ts";
import { wholeReply, type Reply } from "./reply.ts";
import { itemId, type OutputItem } from "./responses-events.ts";
import { thinks } from "./responses-rules.ts";
import type { AnswerEnd, Quirk } from "./types.ts";

/** What every response repeats of its request. */
interface Echo {
  /** The request, without its nulls. */
  readonly body: Fields;
  readonly model: string;
  readonly seed: string;
  /** What was left out of it. */
  readonly transformations: readonly Fields[];
}

/** What an answer needs besides its items. */
export interface ResponseContext extends Echo {
  readonly headers: Readonly<Record<string, string>>;
  readonly quirks: ReadonlySet<Quirk>;
}

const CREATED_SECONDS = 1_767_225_600;

/** Why an answer is not complete; those that are have no reason. */
const REASONS: Readonly<Partial<Record<AnswerEnd, string>>> = {
  length: "max_output_tokens",
  "context-full": "max_output_tokens",
  filter: "content_filter",
};

/** The response as it is in the end. */
export function finalResponse(plan: Plan, items: readonly OutputItem[], context: ResponseContext): Fields {
  const reason = plan.finish ?? REASONS[plan.end];
  return responseOf(context, {
    status: reason === undefined ? "completed" : "incomplete",
    completed_at: reason === undefined ? CREATED_SECONDS + 1 : null,
    incomplete_details: reason === undefined ? null : { reason },
    output: items.map(({ item }) => item),
    service_tier: context.body["service_tier"] ?? "default",
    usage: usageOf(plan),
  });
}

/** The response as one JSON body; one that is made in the background is only queued. */
export function wholeResponse(response: Fields, context: ResponseContext): Reply {
  const told = context.body["background"] === true ? responseOf(context, { status: "queued" }) : response;
  const { id, object, created_at, status, background, ...rest } = told;
  const body = { id, object, created_at, status, background, billing: { payer: "developer" }, ...rest };
  return wholeReply(200, { ...context.headers, "content-type": "application/json" }, body);
}

/** A response as it is at its start, with what `members` change. */
export function responseOf({ body, model, seed, transformations }: Echo, members: Fields): Fields {
  const facts = modelFacts(model);
  const text = fieldsOf(body["text"]);
  return {
    id: itemId("resp_", seed),
    object: "response",
    created_at: CREATED_SECONDS,
    status: "in_progress",
    access_programs: null,
    background: body["background"] ?? false,
    completed_at: null,
    error: null,
    frequency_penalty: 0,
    incomplete_details: null,
    ...(transformations.length === 0 ? {} : { input_transformations: transformations }),
    instructions: body["instructions"] ?? null,
    max_output_tokens: body["max_output_tokens"] ?? null,
    max_tool_calls: body["max_tool_calls"] ?? null,
    model,
    moderation: null,
    output: [],
    parallel_tool_calls: body["parallel_tool_calls"] ?? true,
    presence_penalty: 0,
    previous_response_id: body["previous_response_id"] ?? null,
    prompt_cache_key: body["prompt_cache_key"] ?? null,
    prompt_cache_retention: body["prompt_cache_retention"] ?? (facts.tellsPhases ? "24h" : "in_memory"),
    reasoning: reasoningOf(body, model),
    safety_identifier: body["safety_identifier"] ?? null,
    service_tier: body["service_tier"] ?? "auto",
    store: body["store"] ?? true,
    temperature: body["temperature"] ?? 1,
    text: { format: text["format"] ?? { type: "text" }, verbosity: text["verbosity"] ?? "medium" },
    tool_choice: body["tool_choice"] ?? "auto",
    tool_usage: toolUsage(listOf(members["output"]).map(fieldsOf)),
    tools: listOf(body["tools"]),
    top_logprobs: body["top_logprobs"] ?? 0,
    top_p: body["top_p"] ?? 1,
    truncation: body["truncation"] ?? "disabled",
    usage: null,
    user: body["user"] ?? null,
    metadata: body["metadata"] ?? {},
    ...members,
  };
}

function reasoningOf(body: Fields, model: string): Fields {
  const { effort, summary, context, mode } = fieldsOf(body["reasoning"]);
  const facts = modelFacts(model);
  if (isOpenAi(model) && !facts.reasoning) return { context: null, effort: null, summary: null };
  return {
    context: context ?? (facts.tellsPhases ? "all_turns" : "current_turn"),
    effort: effort ?? (thinks(body, facts) ? "medium" : "none"),
    mode: mode ?? "standard",
    summary: summary ?? null,
  };
}

function toolUsage(output: readonly Fields[]): Fields {
  const details = { image_tokens: 0, text_tokens: 0 };
  return {
    image_gen: { input_tokens: 0, input_tokens_details: details, output_tokens: 0, output_tokens_details: details, total_tokens: 0 },
    web_search: { num_requests: output.filter((item) => item["type"] === "web_search_call").length },
  };
}

/** The counts include what the cache gave and took, and the reasoning (dossier B.0.2). */
function usageOf({ usage }: Plan): Fields {
  const { input, cacheRead, cacheWrite, output, thinking } = usage;
  const prompt = input + cacheRead + cacheWrite;
  return {
    input_tokens: prompt,
    input_tokens_details: { cache_write_tokens: cacheWrite, cached_tokens: cacheRead },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: thinking },
    total_tokens: prompt + output,
  };
}
