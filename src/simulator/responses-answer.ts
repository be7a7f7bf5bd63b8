/** An answer in OpenAI's words: one response, or the events that build it (dossier A.3.3). */
import type { Plan } from "./conversation.ts";
import { idFrom } from "./identity.ts";
import { inTurns } from "./in-turns.ts";
import { fieldsOf, listOf, type Fields } from "./json-values.ts";
import { isOpenAi, modelFacts } from "./openai-models.ts";
import { wholeReply, type Frame, type Reply } from "./reply.ts";
import { itemId, type ItemEvent, type OutputItem } from "./responses-events.ts";
import { thinks } from "./responses-rules.ts";
import type { AnswerEnd, Quirk } from "./types.ts";

/** What an answer needs besides its items. */
export interface ResponseContext {
  /** The request, without its nulls. */
  readonly body: Fields;
  readonly model: string;
  readonly seed: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What was left out of the request. */
  readonly transformations: readonly Fields[];
  readonly quirks: ReadonlySet<Quirk>;
}

const CREATED_SECONDS = 1_767_225_600;

/** Why an answer is not complete; those that are have no reason. */
const REASONS: Readonly<Partial<Record<AnswerEnd, string>>> = {
  length: "max_output_tokens",
  "context-full": "max_output_tokens",
  filter: "content_filter",
};

/** The id of the answer to a request. */
export function responseId(seed: string): string {
  return itemId("resp_", seed);
}

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

/** The response as a stream of events; calls that are interleaved are all open at once. */
export function streamedResponse(plan: Plan, items: readonly OutputItem[], final: Fields, context: ResponseContext): Reply {
  const background = context.body["background"] === true;
  const begun = responseOf(context, { status: background ? "queued" : "in_progress" });
  const events: ItemEvent[] = [
    lifecycle("created", begun),
    ...(background ? [lifecycle("queued", begun)] : []),
    lifecycle("in_progress", responseOf(context, { status: "in_progress" })),
    ...itemEvents(plan, items, context.quirks),
    lifecycle(
      final["status"] === "completed" ? "completed" : "incomplete",
      context.quirks.has("empty-output") ? { ...final, output: [] } : final,
    ),
  ];
  const frames = events.map((event, index) => frameOf(event, index, context));
  const headers = { ...context.headers, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
  return { status: 200, headers, frames, stream: true, chunkDelayMs: plan.chunkDelayMs };
}

/** The response that a stream ends with where it fails. */
export function failedResponse(context: ResponseContext, error: Fields): Fields {
  return responseOf(context, { status: "failed", error });
}

/** An event on the wire. */
export function eventBytes(type: string, fields: Fields, sequence: number | undefined): Buffer {
  const numbered = sequence === undefined ? {} : { sequence_number: sequence };
  return Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields, ...numbered })}\n\n`);
}

function lifecycle(name: string, response: Fields): ItemEvent {
  const ends = name === "completed" || name === "incomplete";
  return { type: `response.${name}`, role: ends ? "end" : "start", fields: { response } };
}

function itemEvents(plan: Plan, items: readonly OutputItem[], quirks: ReadonlySet<Quirk>): readonly ItemEvent[] {
  const lists = items.map(({ item, opening, events }, index): readonly ItemEvent[] => [
    { type: "response.output_item.added", role: "start", fields: { item: opening, output_index: index } },
    ...events
      .filter(({ type }) => !(quirks.has("no-deltas") && type.endsWith(".delta")))
      .map((event) => ({ ...event, fields: { ...event.fields, item_id: item["id"], output_index: index } })),
    { type: "response.output_item.done", role: "content", fields: { item, output_index: index } },
  ]);
  if (!plan.interleave) return lists.flat();
  const isCall = (index: number): boolean =>
    String(items[index]?.item["type"]).endsWith("tool_call") || items[index]?.item["type"] === "function_call";
  const first = items.findIndex((_, index) => isCall(index));
  const calls = lists.filter((_, index) => isCall(index));
  return lists.flatMap((list, index) => (index === first ? inTurns(calls) : isCall(index) ? [] : list));
}

function frameOf({ type, role, fields }: ItemEvent, index: number, context: ResponseContext): Frame {
  const padded = obfuscates(context) && type.endsWith(".delta") ? { ...fields, obfuscation: padding(index, context) } : fields;
  const turned = context.quirks.has("rotating-ids") ? rotated(padded, index) : padded;
  return { role, bytes: eventBytes(type, turned, context.quirks.has("no-sequence-numbers") ? undefined : index) };
}

function obfuscates({ body, model }: ResponseContext): boolean {
  return isOpenAi(model) && fieldsOf(body["stream_options"])["include_obfuscation"] !== false;
}

/** A few random letters, so that an event's length says little about its text. */
function padding(index: number, { seed }: ResponseContext): string {
  return idFrom("", `padding ${index} ${seed}`, 16).slice(0, 1 + (index % 16));
}

/** The same event under ids that no other event has; those of calls stay. */
function rotated(fields: Fields, index: number): Fields {
  const turn = (value: unknown): unknown => ({ ...fieldsOf(value), id: itemId("", `${index} ${String(fieldsOf(value)["id"])}`) });
  return {
    ...fields,
    ...(fields["item_id"] === undefined ? {} : { item_id: itemId("", `${index} ${String(fields["item_id"])}`) }),
    ...(fields["item"] === undefined ? {} : { item: turn(fields["item"]) }),
    ...(fields["response"] === undefined ? {} : { response: turn(fields["response"]) }),
  };
}

/** A response as it is at its start, with what `members` change. */
function responseOf(context: ResponseContext, members: Fields): Fields {
  const { body, model, transformations } = context;
  const facts = modelFacts(model);
  const text = fieldsOf(body["text"]);
  return {
    id: responseId(context.seed),
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
