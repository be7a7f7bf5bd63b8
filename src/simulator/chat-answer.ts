/** An answer in OpenAI's words: one completion (dossier A.2.2). */
import type { BoundConversation } from "./binding-conversation.ts";
import { addCall, ANSWERER } from "./chat-binding.ts";
import type { Plan, PlannedCallBlock } from "./conversation.ts";
import type { Fields } from "./json-values.ts";
import { openAiId } from "./openai-errors.ts";
import { tokenLogprobs } from "./openai-logprobs.ts";
import type { ModelFacts } from "./openai-models.ts";
import { wholeReply, type Reply } from "./reply.ts";
import type { AnswerEnd } from "./types.ts";

/** What an answer needs besides the plan. */
export interface ChatContext {
  readonly model: string;
  readonly facts: ModelFacts;
  readonly seed: string;
  /** What the answer's reasoning is bound to. */
  readonly conversation: BoundConversation;
  readonly headers: Readonly<Record<string, string>>;
  /** How many choices. */
  readonly choices: number;
  /** Alternatives per token; `undefined`: no log probabilities at all. */
  readonly alternatives: number | undefined;
  /** Whether the request declares `functions` instead of tools. */
  readonly legacy: boolean;
  /** Whether the request names the one tool to call. */
  readonly named: boolean;
  readonly includeUsage: boolean;
  /** Whether stream chunks are padded. */
  readonly obfuscates: boolean;
}

const CREATED_SECONDS = 1_767_225_600;

const REASONS: Readonly<Record<AnswerEnd, string>> = {
  end: "stop",
  calls: "tool_calls",
  length: "length",
  "stop-sequence": "stop",
  refusal: "stop",
  filter: "content_filter",
  "context-full": "length",
  pause: "stop",
};

/** The completion as one JSON body. */
export function wholeCompletion(plan: Plan, context: ChatContext): Reply {
  const choices = Array.from({ length: context.choices }, (_, index) => ({
    index,
    message: messageOf(plan, context, index),
    logprobs: logprobsOf(textOf(plan), context),
    finish_reason: finishOf(plan, context),
  }));
  const body = { ...headOf(context, "chat.completion"), choices, usage: usageOf(plan, context) };
  return wholeReply(200, { ...context.headers, "content-type": "application/json" }, body);
}

/** What every completion and every chunk of one begins with. */
export function headOf(context: ChatContext, object: string): Fields {
  return {
    id: openAiId("chatcmpl-", `completion ${context.seed}`),
    object,
    created: CREATED_SECONDS,
    model: context.model,
    service_tier: "default",
    system_fingerprint: null,
  };
}

/** Why it ended. A call that was demanded by name is no reason to OpenAI, which then says `stop`. */
export function finishOf(plan: Plan, context: ChatContext): string {
  if (plan.finish !== undefined) return plan.finish;
  if (plan.end === "calls" && context.legacy) return "function_call";
  return plan.end === "calls" && context.named ? "stop" : REASONS[plan.end];
}

/** The prompt's count includes what the cache gave and took, the completion's the reasoning (dossier B.0.2). */
export function usageOf(plan: Plan, context: ChatContext): Fields {
  const { input, cacheRead, cacheWrite, output, thinking } = plan.usage;
  const prompt = input + cacheRead + cacheWrite;
  const completion = output * context.choices;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cacheRead, audio_tokens: 0, ...(cacheWrite > 0 ? { cache_write_tokens: cacheWrite } : {}) },
    completion_tokens_details: {
      reasoning_tokens: thinking * context.choices,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** The call's id in a choice; that of a script is the same in all of them. */
export function callId(call: PlannedCallBlock, position: number, choice: number, context: ChatContext): string {
  return call.id ?? openAiId("call_", `call ${position} ${choice} ${context.seed}`);
}

/** The call without its input, which comes whole or in fragments. */
export function calledOf(call: PlannedCallBlock, input: string): Fields {
  return call.custom
    ? { type: "custom", custom: { name: call.name, input } }
    : { type: "function", function: { name: call.name, arguments: input } };
}

/** What the texts rest on, counted in the whole content. */
export function annotationsOf(plan: Plan): readonly Fields[] {
  let before = 0;
  return plan.blocks.flatMap((block) => {
    if (block.type !== "text") return [];
    const start = before;
    before += block.text.length;
    return block.citations.map(({ url, title, text = block.text }) => {
      const from = start + Math.max(0, block.text.indexOf(text));
      return { type: "url_citation", url_citation: { start_index: from, end_index: from + text.length, url, title } };
    });
  });
}

/** The signed form of the reasoning in a plan by its place there, without its text; none where the model does not sign. */
export function reasoningDetails(plan: Plan, context: ChatContext): ReadonlyMap<number, Fields> {
  const details = new Map<number, Fields>();
  if (!context.facts.signsReasoning) return details;
  const answer = context.conversation.answer();
  for (const [index, block] of plan.blocks.entries()) {
    if (block.type !== "thinking" && block.type !== "redacted") continue;
    const redacted = block.type === "redacted";
    const scripted = redacted ? block.data : block.signature;
    const meaning = redacted ? ({ kind: "redacted", signed: "" } as const) : ({ kind: "thinking", signed: block.text } as const);
    const state = scripted ?? answer.mint(ANSWERER, meaning, `${index} ${context.seed}`);
    if (typeof scripted === "string") answer.scripted(ANSWERER, scripted);
    const common = { format: "simulator-v1", index };
    if (redacted) details.set(index, { type: "reasoning.encrypted", data: state, ...common });
    else details.set(index, { type: "reasoning.text", ...common, ...(state === false ? {} : { signature: state }) });
  }
  answer.text(ANSWERER, textOf(plan));
  const calls = plan.blocks.filter((block) => block.type === "call");
  for (const [index, call] of calls.entries()) addCall(answer, callId(call, index, 0, context), calledOf(call, call.arguments));
  answer.end();
  return details;
}

/** The log probabilities of the text, a token per word; `null` where none were asked for. */
export function logprobsOf(text: string, { alternatives }: ChatContext): Fields | null {
  return alternatives === undefined ? null : { content: tokenLogprobs(text, alternatives), refusal: null };
}

/** An image as an extension of compatible servers says it; OpenAI's own has none. */
export function imageOf(image: { readonly mimeType: string; readonly data: string }, context: ChatContext): Fields {
  if (!context.facts.showsReasoning) throw new Error("OpenAI's models have no images in Chat answers.");
  return { type: "image_url", image_url: { url: `data:${image.mimeType};base64,${image.data}` } };
}

function textOf(plan: Plan): string {
  return plan.blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
}

function messageOf(plan: Plan, context: ChatContext, choice: number): Fields {
  const { blocks } = plan;
  const text = textOf(plan);
  const refusal = blocks.flatMap((block) => (block.type === "refusal" ? [block.text] : [])).join("");
  const images = blocks.flatMap((block) => (block.type === "image" ? [imageOf(block, context)] : []));
  return {
    role: "assistant",
    content: text === "" && blocks.some(({ type }) => type !== "text") ? null : text,
    refusal: refusal === "" ? null : refusal,
    annotations: annotationsOf(plan),
    ...reasoningOf(plan, context),
    ...callsOf(plan, context, choice),
    ...(images.length === 0 ? {} : { images }),
  };
}

function reasoningOf(plan: Plan, context: ChatContext): Fields {
  if (!context.facts.showsReasoning) return {};
  const thoughts = plan.blocks.flatMap((block) => (block.type === "thinking" ? [block.text] : []));
  const details = [...reasoningDetails(plan, context)].map(([position, detail]) => {
    const block = plan.blocks[position];
    return { ...detail, ...(block?.type === "thinking" ? { text: block.text } : {}) };
  });
  return {
    ...(thoughts.length === 0 ? {} : { reasoning_content: thoughts.join("") }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  };
}

function callsOf(plan: Plan, context: ChatContext, choice: number): Fields {
  const calls = plan.blocks.filter((block) => block.type === "call");
  const [first] = calls;
  if (first === undefined) return {};
  if (context.legacy) return { function_call: { name: first.name, arguments: first.arguments } };
  return { tool_calls: calls.map((call, index) => ({ id: callId(call, index, choice, context), ...calledOf(call, call.arguments) })) };
}
