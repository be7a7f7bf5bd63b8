/** An answer in OpenAI's words: the chunks of a stream (dossier A.2.3). */
import {
  annotationsOf,
  callId,
  calledOf,
  finishOf,
  headOf,
  imageOf,
  logprobsOf,
  reasoningDetails,
  usageOf,
  type ChatContext,
} from "./chat-answer.ts";
import type { Plan, PlannedBlock, PlannedCallBlock } from "./conversation.ts";
import { idFrom } from "./identity.ts";
import { inTurns } from "./in-turns.ts";
import type { Fields } from "./json-values.ts";
import type { Frame, Reply } from "./reply.ts";
import { piecesOf } from "./tokens.ts";

/** One chunk's part of a choice. */
interface Step {
  readonly role: Frame["role"];
  readonly choice: Fields;
}

/** What a chunk says beside what all of them say. */
interface Chunk {
  readonly role: Frame["role"];
  readonly body: Fields;
}

/** The completion as chunks: role, content, finish, then usage where it was asked for, then `[DONE]`. Choices take turns. */
export function streamedCompletion(plan: Plan, context: ChatContext): Reply {
  const choices = Array.from({ length: context.choices }, (_, index) => stepsOf(plan, context, index));
  const steps = inTurns(choices);
  const usage = context.includeUsage ? { usage: null } : {};
  const chunks = steps.map(({ role, choice }): Chunk => ({ role, body: { choices: [choice], ...usage } }));
  if (context.includeUsage) chunks.push({ role: "end", body: { choices: [], usage: usageOf(plan, context) } });
  const frames = chunks.map(({ role, body }, index): Frame => {
    const chunk = { ...headOf(context, "chat.completion.chunk"), ...body, ...padding(index, context) };
    return { role, bytes: Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`) };
  });
  frames.push({ role: "end", bytes: Buffer.from("data: [DONE]\n\n") });
  const headers = { ...context.headers, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
  return { status: 200, headers, frames, stream: true, chunkDelayMs: plan.chunkDelayMs };
}

/** A few random letters, so that a chunk's length says little about its text. */
function padding(index: number, context: ChatContext): Fields {
  if (!context.obfuscates) return {};
  const letters = idFrom("", `padding ${index} ${context.seed}`, 12);
  return { obfuscation: letters.slice(0, 1 + (index % 12)) };
}

function stepsOf(plan: Plan, context: ChatContext, index: number): Step[] {
  const choiceOf = (delta: Fields, finish: string | null): Fields => ({
    index,
    delta,
    logprobs: typeof delta["content"] === "string" && delta["content"] !== "" ? logprobsOf(delta["content"], context) : null,
    finish_reason: finish,
  });
  const deltas = deltasOf(plan, context, index);
  const opening = { role: "assistant", content: plan.blocks.some(({ type }) => type === "text") ? "" : null, refusal: null };
  const [first] = deltas;
  // A call that comes first comes in the chunk that says the role.
  const joined = first !== undefined && "tool_calls" in first;
  const started: Step = joined
    ? { role: "content", choice: choiceOf({ ...opening, ...first }, null) }
    : { role: "start", choice: choiceOf(opening, null) };
  const rest = (joined ? deltas.slice(1) : deltas).map((delta): Step => ({ role: "content", choice: choiceOf(delta, null) }));
  return [started, ...rest, { role: "end", choice: choiceOf({}, finishOf(plan, context)) }];
}

function deltasOf(plan: Plan, context: ChatContext, choice: number): Fields[] {
  const calls = plan.blocks.filter((block) => block.type === "call").map((call, index) => callDeltas(call, index, choice, context));
  const firstCall = plan.blocks.findIndex(({ type }) => type === "call");
  const details = reasoningDetails(plan, context);
  const deltas = plan.blocks.flatMap((block, position): readonly Fields[] => {
    if (block.type !== "call") return blockDeltas(block, details.get(position), context);
    if (plan.interleave) return position === firstCall ? inTurns(calls) : [];
    return calls.shift() ?? [];
  });
  const annotations = annotationsOf(plan);
  return annotations.length === 0 ? deltas : [...deltas, { annotations }];
}

/** @param detail the signed form of reasoning. */
function blockDeltas(block: Exclude<PlannedBlock, PlannedCallBlock>, detail: Fields | undefined, context: ChatContext): readonly Fields[] {
  switch (block.type) {
    case "text":
      return block.pieces.map((content) => ({ content }));
    case "refusal":
      return block.pieces.map((refusal) => ({ refusal }));
    case "image":
      return [{ images: [imageOf(block, context)] }];
    case "thinking":
      return context.facts.showsReasoning ? thinkingDeltas(block.pieces ?? piecesOf(block.text), detail) : [];
    case "redacted":
      return detail === undefined ? [] : [{ reasoning_details: [detail] }];
    case "search":
      return [];
  }
}

/** The signature follows the text. */
function thinkingDeltas(pieces: readonly string[], signed: Fields | undefined): Fields[] {
  if (signed === undefined) return pieces.map((piece) => ({ reasoning_content: piece }));
  const { signature, ...detail } = signed;
  const texts = pieces.map((piece) => ({ reasoning_content: piece, reasoning_details: [{ ...detail, text: piece }] }));
  return signature === undefined ? texts : [...texts, { reasoning_details: [{ ...detail, signature }] }];
}

/** Id, type and name come once, then the input in fragments. */
function callDeltas(call: PlannedCallBlock, index: number, choice: number, context: ChatContext): Fields[] {
  const pieces = call.pieces ?? piecesOf(call.arguments);
  if (context.legacy) {
    const started = { function_call: { name: call.name, arguments: "" } };
    return index > 0 ? [] : [started, ...pieces.map((piece) => ({ function_call: { arguments: piece } }))];
  }
  const started = { index, id: callId(call, index, choice, context), ...calledOf(call, "") };
  const fragments = pieces.map((piece) => ({
    index,
    ...(call.custom ? { custom: { input: piece } } : { function: { arguments: piece } }),
  }));
  return [started, ...fragments].map((item) => ({ tool_calls: [item] }));
}
