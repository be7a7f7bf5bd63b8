/** An Anthropic request in the brain's words, and how many tokens its prompt is. */
import type { Ask, OfferedTool, PromptSize, Turn } from "./conversation.ts";
import { fieldsOf, isFields, listOf, textOf, type Fields } from "./json-values.ts";
import type { Message } from "./messages-turns.ts";
import { IMAGE_TOKENS, tokensOf } from "./tokens.ts";

/** The ask of a checked request. */
export function messagesAsk(body: Fields, messages: readonly Message[]): Ask {
  const format = fieldsOf(fieldsOf(body["output_config"])["format"] ?? body["output_format"]);
  return {
    model: textOf(body["model"]),
    turns: messages.flatMap((message) => (message.role === "system" ? [] : [turnOf(message.role, message.blocks)])),
    tools: listOf(body["tools"]).map(fieldsOf).flatMap(offeredTool),
    choice: choiceOf(fieldsOf(body["tool_choice"])),
    format: format["schema"] === undefined ? "text" : { schema: format["schema"] },
    thinking: thinkingOf(fieldsOf(body["thinking"])),
    maxTokens: typeof body["max_tokens"] === "number" ? body["max_tokens"] : Infinity,
    stop: listOf(body["stop_sequences"]).map(textOf),
    size: promptSize(body, messages),
  };
}

/** Everything in the prompt, cached or not. */
export function totalTokens(size: PromptSize): number {
  return size.input + size.cacheRead + size.cacheWrite;
}

/** The client's own tools; deferred ones cannot be called until a search has found them. */
function offeredTool(tool: Fields): OfferedTool[] {
  if (tool["input_schema"] === undefined) {
    // Anthropic's own shell tool has no schema on the wire.
    return textOf(tool["type"]).startsWith("bash_")
      ? [{ name: textOf(tool["name"]), schema: { type: "object", properties: { command: { type: "string" } }, required: ["command"] } }]
      : [];
  }
  return tool["defer_loading"] === true ? [] : [{ name: textOf(tool["name"]), schema: tool["input_schema"] }];
}

function choiceOf(choice: Fields): Ask["choice"] {
  if (choice["type"] === "tool") return { mode: "required", names: [textOf(choice["name"])] };
  if (choice["type"] === "any") return { mode: "required" };
  return { mode: choice["type"] === "none" ? "none" : "auto" };
}

function thinkingOf(thinking: Fields): Ask["thinking"] {
  if (thinking["type"] !== "enabled" && thinking["type"] !== "adaptive") return "off";
  return thinking["display"] === "omitted" ? "hidden" : "shown";
}

function turnOf(role: Turn["role"], blocks: readonly Fields[]): Turn {
  const results = blocks.filter((block) => block["type"] === "tool_result");
  return {
    role,
    texts: textsOf(blocks),
    results: results.map((block) =>
      typeof block["content"] === "string" ? block["content"] : textsOf(listOf(block["content"]).map(fieldsOf)).join("\n"),
    ),
    calls: blocks.some((block) => block["type"] === "tool_use"),
    media: [...blocks, ...results.flatMap((block) => listOf(block["content"]).map(fieldsOf))]
      .map((block) => textOf(block["type"]))
      .filter((type) => type === "image" || type === "document"),
  };
}

function textsOf(blocks: readonly Fields[]): string[] {
  return blocks.filter((block) => block["type"] === "text").map((block) => textOf(block["text"]));
}

/**
 * The prompt in wire order: tools, system, messages. What stands up to the last cache mark is cached: read where an
 * earlier turn can have written it, written otherwise.
 */
function promptSize(body: Fields, messages: readonly Message[]): PromptSize {
  let total = 0;
  let marked = 0;
  let beforeLastTurn = 0;
  const add = (block: Fields): void => {
    total += blockTokens(block);
    if (isFields(block["cache_control"])) marked = total;
  };
  for (const tool of listOf(body["tools"])) add(fieldsOf(tool));
  if (typeof body["system"] === "string") add({ text: body["system"] });
  for (const block of listOf(body["system"])) add(fieldsOf(block));
  const lastAssistant = messages.findLastIndex((message) => message.role === "assistant");
  for (const [index, message] of messages.entries()) {
    for (const block of message.blocks) add(block);
    if (index === lastAssistant) beforeLastTurn = total;
  }
  if (isFields(body["cache_control"])) marked = total;
  const cacheRead = Math.min(marked, beforeLastTurn);
  return { input: total - marked, cacheRead, cacheWrite: marked - cacheRead };
}

/** A block's cost. Cache marks are no content, and media cost what they cost whatever their bytes. */
function blockTokens(block: Fields): number {
  const { cache_control: _, source, content, ...rest } = block;
  const nested = Array.isArray(content)
    ? content.reduce((sum: number, part) => sum + blockTokens(fieldsOf(part)), 0)
    : tokensOf(textOf(content));
  return tokensOf(JSON.stringify(rest)) + nested + (source === undefined ? 0 : IMAGE_TOKENS);
}
