/** What a Chat request asks for, and how many tokens its prompt is. Reads bodies that the rules would refuse, too. */
import { modelFacts } from "./openai-models.ts";
import { chosenNames } from "./chat-rules.ts";
import type { Ask, CallPart, OfferedTool, Part, PromptSize, Turn } from "./conversation.ts";
import { fieldsOf, isFields, listOf, numberOf, optionalText, present, textOf, type Fields } from "./json-values.ts";
import { mediaAt, mediaBytes, mediaFile } from "./media.ts";
import { IMAGE_TOKENS, tokensOf } from "./tokens.ts";

/** A repeated prefix is cached by itself from this size on. */
const IMPLICIT_CACHE_TOKENS = 1024;

/** The ask of a request body. */
export function chatAsk(body: Fields): Ask {
  const model = textOf(body["model"]);
  const messages = listOf(body["messages"]).map(fieldsOf);
  const spoken = messages.findIndex((message) => !isInstruction(message));
  const instructions = spoken < 0 ? messages : messages.slice(0, spoken);
  return {
    model,
    stream: body["stream"] === true,
    system: instructions.flatMap((message) => textsIn(message["content"])),
    turns: messages.slice(instructions.length).map(turnOf),
    tools: [
      ...listOf(body["tools"]).map(fieldsOf).map(offeredTool),
      ...listOf(body["functions"]).map(fieldsOf).map(offeredFunction),
      ...searchTool(body),
    ],
    choice: choiceOf(body["tool_choice"] ?? legacyChoice(body["function_call"])),
    parallel: parallelOf(body),
    format: formatOf(fieldsOf(body["response_format"])),
    thinking: thinkingOf(body, model),
    effort: optionalText(body["reasoning_effort"]),
    thinkingBudget: undefined,
    maxTokens: numberOf(body["max_completion_tokens"]) ?? numberOf(body["max_tokens"]) ?? Infinity,
    stop: typeof body["stop"] === "string" ? [body["stop"]] : listOf(body["stop"]).map(textOf),
    sampling: present({
      temperature: numberOf(body["temperature"]),
      topP: numberOf(body["top_p"]),
      topK: numberOf(body["top_k"]),
      seed: numberOf(body["seed"]),
      presencePenalty: numberOf(body["presence_penalty"]),
      frequencyPenalty: numberOf(body["frequency_penalty"]),
      candidates: numberOf(body["n"]),
    }),
    size: promptSize(body, messages),
  };
}

function isInstruction(message: Fields): boolean {
  return message["role"] === "system" || message["role"] === "developer";
}

function offeredTool(tool: Fields): OfferedTool {
  if (tool["custom"] === undefined) return offeredFunction(fieldsOf(tool["function"]));
  const custom = fieldsOf(tool["custom"]);
  return { name: textOf(custom["name"]), description: optionalText(custom["description"]), schema: undefined, kind: "custom" };
}

function offeredFunction(declared: Fields): OfferedTool {
  return {
    name: textOf(declared["name"]),
    description: optionalText(declared["description"]),
    schema: declared["parameters"] ?? { type: "object", properties: {} },
    ...(typeof declared["strict"] === "boolean" ? { strict: declared["strict"] } : {}),
  };
}

function searchTool(body: Fields): OfferedTool[] {
  return isFields(body["web_search_options"]) ? [{ name: "web_search", schema: undefined, kind: "hosted" }] : [];
}

/** `function_call` in the words of `tool_choice`. */
function legacyChoice(choice: unknown): unknown {
  return isFields(choice) ? { type: "function", function: choice } : choice;
}

function choiceOf(choice: unknown): Ask["choice"] {
  if (choice === "none" || choice === "required") return { mode: choice };
  if (!isFields(choice)) return { mode: "auto" };
  const names = chosenNames(choice);
  const mode = choice["type"] === "allowed_tools" ? fieldsOf(choice["allowed_tools"])["mode"] : "required";
  return { mode: mode === "required" ? "required" : "auto", names };
}

/** Legacy functions are called one at a time. */
function parallelOf(body: Fields): boolean | undefined {
  if (body["functions"] !== undefined) return false;
  return typeof body["parallel_tool_calls"] === "boolean" ? body["parallel_tool_calls"] : undefined;
}

function formatOf(format: Fields): Ask["format"] {
  if (format["type"] === "json_object") return "json";
  if (format["type"] !== "json_schema") return "text";
  const { schema, name, strict } = fieldsOf(format["json_schema"]);
  return { schema: schema ?? {}, ...present({ name: optionalText(name), strict: typeof strict === "boolean" ? strict : undefined }) };
}

/** OpenAI's models keep their reasoning to themselves. */
function thinkingOf(body: Fields, name: string): Ask["thinking"] {
  const model = modelFacts(name);
  const effort = body["reasoning_effort"];
  if (effort === "none" || (!model.thinksByItself && (effort === undefined || !model.showsReasoning))) return "off";
  return model.showsReasoning ? "shown" : "hidden";
}

function turnOf(message: Fields): Turn {
  const role = textOf(message["role"]);
  if (role === "tool" || role === "function") {
    const text = textsIn(message["content"]).join("\n");
    const id = optionalText(message["tool_call_id"]);
    return { role: "user", parts: [{ type: "result", id, name: optionalText(message["name"]), text, isError: false, media: [] }] };
  }
  if (role !== "assistant") return { role: isInstruction(message) ? "system" : "user", parts: partsIn(message["content"]) };
  const refusal = optionalText(message["refusal"]);
  return {
    role,
    parts: [
      ...thinkingParts(message),
      ...partsIn(message["content"]).filter((part) => part.type !== "text" || part.text !== ""),
      ...(refusal === undefined ? [] : [{ type: "refusal" as const, text: refusal }]),
      ...listOf(message["tool_calls"]).map(fieldsOf).map(callPart),
      ...(isFields(message["function_call"]) ? [callPart({ function: message["function_call"] })] : []),
    ],
  };
}

/** The details where they are, else the plain text. */
function thinkingParts(message: Fields): Part[] {
  const details = listOf(message["reasoning_details"]).map(fieldsOf);
  if (details.length === 0) {
    const text = optionalText(message["reasoning_content"]) ?? optionalText(message["reasoning"]);
    return text === undefined ? [] : [{ type: "thinking", text, signature: undefined, redacted: false }];
  }
  return details.map((detail) => ({
    type: "thinking",
    text: textOf(detail["text"] ?? detail["summary"]),
    signature: optionalText(detail["signature"] ?? detail["data"]),
    redacted: detail["type"] === "reasoning.encrypted",
  }));
}

function callPart(call: Fields): CallPart {
  const custom = call["custom"] !== undefined;
  const called = fieldsOf(call["custom"] ?? call["function"]);
  return {
    type: "call",
    id: optionalText(call["id"]),
    name: textOf(called["name"]),
    arguments: textOf(called[custom ? "input" : "arguments"]),
    ...(custom ? { custom } : {}),
  };
}

function partsIn(content: unknown): Part[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : listOf(content).map(fieldsOf).map(partOf);
}

function textsIn(content: unknown): string[] {
  return partsIn(content).flatMap((part) => (part.type === "text" ? [part.text] : []));
}

function partOf(part: Fields): Part {
  const type = textOf(part["type"]);
  switch (type) {
    case "text":
      return { type, text: textOf(part["text"]), ...(isFields(part["prompt_cache_breakpoint"]) ? { cacheMark: true } : {}) };
    case "refusal":
      return { type, text: textOf(part["refusal"]) };
    case "image_url":
      return mediaAt(textOf(fieldsOf(part["image_url"])["url"]), "image");
    case "input_audio": {
      const { data, format } = fieldsOf(part["input_audio"]);
      return mediaBytes(`audio/${textOf(format)}`, textOf(data));
    }
    case "file": {
      const { file_data: data, file_id: id, filename } = fieldsOf(part["file"]);
      return data === undefined ? mediaFile(textOf(id), "document") : mediaAt(textOf(data), "document", undefined, optionalText(filename));
    }
    default:
      return { type: "other", kind: type };
  }
}

function promptSize(body: Fields, messages: readonly Fields[]): PromptSize {
  const head = tokensOf(JSON.stringify([body["tools"], body["functions"]]));
  const sizes = messages.map(messageTokens);
  const lastAssistant = messages.findLastIndex((message) => message["role"] === "assistant");
  const total = sizes.reduce((sum, size) => sum + size, head);
  const repeated = lastAssistant < 0 ? 0 : sizes.slice(0, lastAssistant + 1).reduce((sum, size) => sum + size, head);
  const cacheRead = repeated >= IMPLICIT_CACHE_TOKENS ? repeated : 0;
  return { input: total - cacheRead, cacheRead, cacheWrite: 0 };
}

/** Media cost what they cost whatever their bytes. */
function messageTokens({ content, ...rest }: Fields): number {
  const parts = Array.isArray(content) ? content.map(fieldsOf) : [];
  const media = parts.filter((part) => !["text", "refusal"].includes(textOf(part["type"])));
  const texts = Array.isArray(content) ? parts.filter((part) => !media.includes(part)) : content;
  return tokensOf(JSON.stringify([rest, texts])) + media.length * IMAGE_TOKENS;
}
