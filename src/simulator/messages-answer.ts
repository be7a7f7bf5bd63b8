/** An answer in Anthropic's words: one message, or the events that build it (dossier A.1.4). */
import type { Plan, PlannedBlock, PlannedCallBlock, PlannedText, PlannedThinking } from "./conversation.ts";
import type { BoundAnswer, BoundConversation } from "./binding-conversation.ts";
import { idFrom } from "./identity.ts";
import type { Fields } from "./json-values.ts";
import { addContent, ANSWERER } from "./messages-binding.ts";
import { wholeReply, type Frame, type Reply } from "./reply.ts";
import { piecesOf } from "./tokens.ts";
import type { AnswerEnd } from "./types.ts";

/** What an answer needs besides the plan. */
export interface MessageContext {
  readonly model: string;
  readonly seed: string;
  /** What the answer's thinking is bound to. */
  readonly conversation: BoundConversation;
  /** What was left out of the request, where the client wants to know. */
  readonly transformations: readonly Fields[] | undefined;
  readonly thinking: "off" | "hidden" | "shown";
  readonly headers: Readonly<Record<string, string>>;
}

/** The message as one JSON body. */
export function wholeMessage(plan: Plan, context: MessageContext): Reply {
  const message = {
    ...emptyMessage(plan, context),
    content: blocksOf(plan, context).map(({ content }) => content),
    ...ending(plan),
    usage: finalUsage(plan),
  };
  return wholeReply(200, { ...context.headers, "content-type": "application/json" }, message);
}

/** The message as a stream of events; a ping follows the first block's start, as the vendor's does. */
export function streamedMessage(plan: Plan, context: MessageContext): Reply {
  const frames: Frame[] = [frame("start", "message_start", { message: emptyMessage(plan, context) })];
  const blocks = blocksOf(plan, context);
  for (const [index, block] of blocks.entries()) {
    frames.push(frame("start", "content_block_start", { index, content_block: block.opening }));
    if (index === 0) frames.push(frame("start", "ping", {}));
    for (const delta of block.deltas) frames.push(frame("content", "content_block_delta", { index, delta }));
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
    ...(context.transformations && { input_transformations: context.transformations }),
  };
}

const REASONS: Readonly<Record<AnswerEnd, string>> = {
  end: "end_turn",
  calls: "tool_use",
  length: "max_tokens",
  "stop-sequence": "stop_sequence",
  refusal: "refusal",
  filter: "refusal",
  "context-full": "model_context_window_exceeded",
  pause: "pause_turn",
};

/** A refusal's words stand beside the content, not in it. */
function ending(plan: Plan): Fields {
  const refusal = plan.blocks.find((block) => block.type === "refusal");
  const refused = plan.end === "refusal" || plan.end === "filter" || refusal !== undefined;
  return {
    stop_reason: plan.finish ?? REASONS[plan.end],
    stop_sequence: plan.stopSequence ?? null,
    stop_details: refused ? { type: "refusal", category: null, explanation: refusal?.text ?? null } : null,
  };
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
  const searches = plan.blocks.filter(({ type }) => type === "search").length;
  return {
    ...usageOf(plan, plan.usage.output),
    ...(plan.usage.thinking === 0 ? {} : { output_tokens_details: { thinking_tokens: plan.usage.thinking } }),
    ...(searches === 0 ? {} : { server_tool_use: { web_search_requests: searches, web_fetch_requests: 0 } }),
  };
}

/** A content block and the deltas that fill it. */
interface Block {
  readonly content: Fields;
  /** As it starts in a stream; whole where no delta follows. */
  readonly opening: Fields;
  readonly deltas: readonly Fields[];
}

function blocksOf(plan: Plan, context: MessageContext): Block[] {
  const answer = context.conversation.answer();
  let calls = 0;
  const blocks = plan.blocks.flatMap((block, position): Block[] => {
    const seed = `${position} ${context.seed}`;
    if (block.type === "thinking") return [thinkingBlock(block, seed, context, answer)];
    if (block.type === "redacted") return [redactedBlock(block.data, seed, answer)];
    const written = contentBlocks(block, seed, () => idFrom("toolu_01", `call ${calls++} ${context.seed}`, 22));
    for (const { content } of written) addContent(answer, ANSWERER, content);
    return written;
  });
  answer.end();
  return blocks;
}

function contentBlocks(block: Exclude<PlannedBlock, { type: "thinking" | "redacted" }>, seed: string, newId: () => string): Block[] {
  switch (block.type) {
    case "text":
      return [textBlock(block, seed)];
    case "call":
      if (block.custom) throw new Error("Messages has no calls with free text.");
      return [callBlock("tool_use", block.id ?? newId(), block)];
    case "search":
      return searchBlocks(block, seed);
    case "refusal":
      return [];
    case "image":
      throw new Error("Messages has no images in answers.");
  }
}

function inOne(content: Fields): Block {
  return { content, opening: content, deltas: [] };
}

function redactedBlock(scripted: string | undefined, seed: string, answer: BoundAnswer): Block {
  const data = scripted ?? answer.mint(ANSWERER, { kind: "redacted", signed: "" }, seed);
  if (scripted !== undefined) answer.scripted(ANSWERER, scripted);
  return inOne({ type: "redacted_thinking", data });
}

function thinkingBlock(block: PlannedThinking, seed: string, context: MessageContext, answer: BoundAnswer): Block {
  const shown = context.thinking === "hidden" ? "" : block.text;
  const scripted = block.signature === false ? "" : block.signature;
  const signature = scripted ?? answer.mint(ANSWERER, { kind: "thinking", signed: shown }, seed);
  if (scripted !== undefined) answer.scripted(ANSWERER, scripted);
  const thoughts = shown === "" ? [] : (block.pieces ?? piecesOf(shown)).map((thinking) => ({ type: "thinking_delta", thinking }));
  return {
    content: { type: "thinking", thinking: shown, signature },
    opening: { type: "thinking", thinking: "", signature: "" },
    deltas: [...thoughts, ...(signature === "" ? [] : [{ type: "signature_delta", signature }])],
  };
}

function textBlock(block: PlannedText, seed: string): Block {
  const citations = block.citations.map(({ url, title, cited }, index) => ({
    type: "web_search_result_location",
    url,
    title,
    encrypted_index: idFrom("", `index ${index} ${seed}`, 40),
    cited_text: cited ?? title,
  }));
  const cited = citations.length === 0 ? {} : { citations };
  return {
    content: { type: "text", text: block.text, ...cited },
    opening: { type: "text", text: "", ...(citations.length === 0 ? {} : { citations: [] }) },
    deltas: [
      ...citations.map((citation) => ({ type: "citations_delta", citation })),
      ...block.pieces.map((text) => ({ type: "text_delta", text })),
    ],
  };
}

function callBlock(type: string, id: string, call: Pick<PlannedCallBlock, "name" | "input" | "arguments" | "pieces">): Block {
  const pieces = call.pieces ?? piecesOf(call.arguments);
  return {
    content: { type, id, name: call.name, input: call.input },
    opening: { type, id, name: call.name, input: {} },
    deltas: ["", ...pieces].map((json) => ({ type: "input_json_delta", partial_json: json })),
  };
}

function searchBlocks({ query, results }: Extract<PlannedBlock, { type: "search" }>, seed: string): Block[] {
  const id = idFrom("srvtoolu_01", `search ${seed}`, 22);
  const found = results.map(({ url, title }, index) => ({
    type: "web_search_result",
    url,
    title,
    encrypted_content: idFrom("", `result ${index} ${seed}`, 60),
    page_age: null,
  }));
  const input = { query };
  return [
    callBlock("server_tool_use", id, { name: "web_search", input, arguments: JSON.stringify(input), pieces: undefined }),
    inOne({ type: "web_search_tool_result", tool_use_id: id, content: found }),
  ];
}
