/** What an Anthropic request asks for, and how many tokens its prompt is. Reads bodies that the rules would refuse, too. */
import type { Ask, OfferedTool, Part, PromptSize, Turn } from "./conversation.ts";
import { fieldsOf, isFields, listOf, numberOf, optionalText, present, textOf, type Fields } from "./json-values.ts";
import { mediaAt, mediaBytes, mediaFile } from "./media.ts";
import { IMAGE_TOKENS, tokensOf } from "./tokens.ts";

const ROLES = new Set(["user", "assistant", "system"]);
const MEDIA = new Set(["image", "document"]);

/** The ask of a request body. */
export function messagesAsk(body: Fields): Ask {
  const config = fieldsOf(body["output_config"]);
  const format = fieldsOf(config["format"] ?? body["output_format"]);
  const thinking = fieldsOf(body["thinking"]);
  const choice = fieldsOf(body["tool_choice"]);
  const messages = listOf(body["messages"]).map(fieldsOf);
  const loaded = loadedTools(messages);
  return {
    model: textOf(body["model"]),
    stream: body["stream"] === true,
    system: textsIn(body["system"]),
    turns: messages.map(turnOf),
    tools: listOf(body["tools"]).map((tool) => offeredTool(fieldsOf(tool), loaded)),
    choice: choiceOf(choice),
    parallel: typeof choice["disable_parallel_tool_use"] === "boolean" ? !choice["disable_parallel_tool_use"] : undefined,
    format: format["schema"] === undefined ? "text" : { schema: format["schema"] },
    thinking: thinkingOf(thinking),
    effort: optionalText(config["effort"]),
    thinkingBudget: numberOf(thinking["budget_tokens"]),
    maxTokens: numberOf(body["max_tokens"]) ?? Infinity,
    stop: listOf(body["stop_sequences"]).map(textOf),
    sampling: present({ temperature: numberOf(body["temperature"]), topP: numberOf(body["top_p"]), topK: numberOf(body["top_k"]) }),
    size: promptSize(body),
  };
}

/** Everything in the prompt, cached or not. */
export function totalTokens(size: PromptSize): number {
  return size.input + size.cacheRead + size.cacheWrite;
}

/** The names of the tools that were held back and are there by now: found by a search, or added by the operator and not removed since. */
function loadedTools(messages: readonly Fields[]): ReadonlySet<string> {
  const loaded = new Set<string>();
  const blocks = messages.flatMap(({ content }) => blocksIn(content));
  for (const block of blocks.flatMap((outer) => [outer, ...(outer["type"] === "tool_result" ? blocksIn(outer["content"]) : [])])) {
    const name = textOf(block["tool_name"] ?? fieldsOf(block["tool"])["name"]);
    if (block["type"] === "tool_reference" || block["type"] === "tool_addition") loaded.add(name);
    else if (block["type"] === "tool_removal") loaded.delete(name);
  }
  return loaded;
}

function offeredTool(tool: Fields, loaded: ReadonlySet<string>): OfferedTool {
  const name = textOf(tool["name"]);
  if (tool["input_schema"] === undefined) {
    // Anthropic's own shell tool has no schema on the wire.
    return textOf(tool["type"]).startsWith("bash_")
      ? { name, schema: { type: "object", properties: { command: { type: "string" } }, required: ["command"] } }
      : { name, schema: undefined, kind: "hosted" };
  }
  return {
    name,
    description: optionalText(tool["description"]),
    schema: tool["input_schema"],
    ...(typeof tool["strict"] === "boolean" ? { strict: tool["strict"] } : {}),
    ...(tool["defer_loading"] === true && !loaded.has(name) ? { deferred: true } : {}),
  };
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

function turnOf(message: Fields): Turn {
  const role = textOf(message["role"]);
  return { role: ROLES.has(role) ? (role as Turn["role"]) : "user", parts: blocksIn(message["content"]).map(partOf) };
}

function blocksIn(content: unknown): readonly Fields[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : listOf(content).map(fieldsOf);
}

function textsIn(content: unknown): string[] {
  return blocksIn(content)
    .filter((block) => block["type"] === "text")
    .map((block) => textOf(block["text"]));
}

function partOf(block: Fields): Part {
  const type = textOf(block["type"]);
  switch (type) {
    case "text":
      return { type, text: textOf(block["text"]), ...(isFields(block["cache_control"]) ? { cacheMark: true } : {}) };
    case "image":
    case "document":
      return mediaPart(block, type);
    case "tool_use":
      return { type: "call", id: optionalText(block["id"]), name: textOf(block["name"]), arguments: JSON.stringify(block["input"] ?? {}) };
    case "tool_result": {
      const content = blocksIn(block["content"]);
      return {
        type: "result",
        id: optionalText(block["tool_use_id"]),
        name: undefined,
        text: textsIn(block["content"]).join("\n"),
        isError: block["is_error"] === true,
        media: content
          .flatMap((inner) => (MEDIA.has(textOf(inner["type"])) ? [partOf(inner)] : []))
          .filter((part) => part.type === "media"),
      };
    }
    case "thinking":
      return { type, text: textOf(block["thinking"]), signature: optionalText(block["signature"]), redacted: false };
    case "redacted_thinking":
      return { type: "thinking", text: "", signature: optionalText(block["data"]), redacted: true };
    default:
      return { type: "other", kind: type };
  }
}

function mediaPart(block: Fields, kind: "image" | "document"): Part {
  const source = fieldsOf(block["source"]);
  const type = optionalText(source["media_type"]);
  const name = optionalText(block["title"]);
  if (source["type"] === "url") return mediaAt(textOf(source["url"]), kind, type, name);
  if (source["type"] === "file") return mediaFile(textOf(source["file_id"]), kind, type);
  const bytes = source["type"] === "text" ? Buffer.from(textOf(source["data"])).toString("base64") : textOf(source["data"]);
  return { ...mediaBytes(type ?? "", bytes, name), kind };
}

/**
 * The prompt in wire order: tools, system, messages. What stands up to the last cache mark is cached: read where an
 * earlier turn can have written it, written otherwise.
 */
function promptSize(body: Fields): PromptSize {
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
  const messages = listOf(body["messages"]).map(fieldsOf);
  const lastAssistant = messages.findLastIndex((message) => message["role"] === "assistant");
  for (const [index, message] of messages.entries()) {
    for (const block of blocksIn(message["content"])) add(block);
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
