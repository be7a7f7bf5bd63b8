/** An answer in Anthropic's words: one message, or the events that build it (dossier A.1.4). */
import type { Plan } from "./conversation.ts";
import { idFrom, mintSignature } from "./identity.ts";
import type { Fields } from "./json-values.ts";
import { wholeReply, type Frame, type Reply } from "./reply.ts";
import { piecesOf } from "./tokens.ts";

/** What an answer needs besides the plan. */
export interface MessageContext {
  readonly model: string;
  readonly seed: string;
  readonly issuer: string;
  readonly thinking: "off" | "hidden" | "shown";
  readonly headers: Readonly<Record<string, string>>;
}

/** The message as one JSON body. */
export function wholeMessage(plan: Plan, context: MessageContext): Reply {
  const message = { ...emptyMessage(plan, context), content: blocksOf(plan, context), ...ending(plan), usage: finalUsage(plan) };
  return wholeReply(200, { ...context.headers, "content-type": "application/json" }, message);
}

/** The message as a stream of events; a ping follows the first block's start, as the vendor's does. */
export function streamedMessage(plan: Plan, context: MessageContext): Reply {
  const frames: Frame[] = [frame("start", "message_start", { message: emptyMessage(plan, context) })];
  const blocks = blocksOf(plan, context);
  for (const [index, block] of blocks.entries()) {
    frames.push(frame("start", "content_block_start", { index, content_block: openingOf(block) }));
    if (index === 0) frames.push(frame("start", "ping", {}));
    for (const delta of deltasOf(block, plan)) frames.push(frame("content", "content_block_delta", { index, delta }));
    frames.push(frame("content", "content_block_stop", { index }));
  }
  frames.push(frame("end", "message_delta", { delta: ending(plan), usage: finalUsage(plan) }), frame("end", "message_stop", {}));
  const headers = { ...context.headers, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
  return { status: 200, headers, frames, stream: true, chunkDelayMs: plan.chunkDelayMs };
}

function frame(role: Frame["role"], type: string, fields: Fields): Frame {
  return { role, bytes: Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`) };
}

function emptyMessage(plan: Plan, context: MessageContext): Fields {
  return {
    model: context.model,
    id: idFrom("msg_01", `message ${context.seed}`, 22),
    type: "message",
    role: "assistant",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    usage: usageOf(plan, Math.min(1, plan.usage.output)),
  };
}

function ending(plan: Plan): Fields {
  const reasons = { end: "end_turn", calls: "tool_use", length: "max_tokens", "stop-sequence": "stop_sequence" } as const;
  return { stop_reason: plan.finish ?? reasons[plan.end], stop_sequence: plan.stopSequence ?? null, stop_details: null };
}

/** `input_tokens` leaves out what the cache gave or took (dossier B.0.2). */
function usageOf(plan: Plan, output: number): Fields {
  return {
    input_tokens: plan.usage.input,
    cache_creation_input_tokens: plan.usage.cacheWrite,
    cache_read_input_tokens: plan.usage.cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: plan.usage.cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    service_tier: "standard",
  };
}

function finalUsage(plan: Plan): Fields {
  const usage = usageOf(plan, plan.usage.output);
  return plan.usage.thinking === 0 ? usage : { ...usage, output_tokens_details: { thinking_tokens: plan.usage.thinking } };
}

function blocksOf(plan: Plan, context: MessageContext): Fields[] {
  const blocks: Fields[] = [];
  if (plan.thinking !== "") {
    const thinking = context.thinking === "hidden" ? "" : plan.thinking;
    blocks.push({ type: "thinking", thinking, signature: mintSignature(context.issuer, "anthropic", context.seed) });
  }
  if (plan.text !== "") blocks.push({ type: "text", text: plan.text });
  for (const [index, call] of plan.calls.entries()) {
    blocks.push({
      type: "tool_use",
      id: call.id ?? idFrom("toolu_01", `call ${index} ${context.seed}`, 22),
      name: call.name,
      input: call.input,
    });
  }
  return blocks;
}

function openingOf(block: Fields): Fields {
  if (block["type"] === "thinking") return { ...block, thinking: "", signature: "" };
  return block["type"] === "text" ? { ...block, text: "" } : { ...block, input: {} };
}

function deltasOf(block: Fields, plan: Plan): Fields[] {
  if (block["type"] === "text") return plan.pieces.map((text) => ({ type: "text_delta", text }));
  if (block["type"] === "thinking") {
    const thoughts = piecesOf(block["thinking"] as string).map((thinking) => ({ type: "thinking_delta", thinking }));
    return [...thoughts, { type: "signature_delta", signature: block["signature"] }];
  }
  return ["", ...piecesOf(JSON.stringify(block["input"]))].map((json) => ({ type: "input_json_delta", partial_json: json }));
}
