/** What a Responses request asks for, and how many tokens its prompt is. Reads bodies that the rules would refuse, too. */
import type { Ask, CallPart, OfferedTool, Part, PromptSize, Turn } from "./conversation.ts";
import { fieldsOf, isFields, listOf, numberOf, optionalText, present, textOf, type Fields } from "./json-values.ts";
import { mediaAt, mediaBytes, mediaFile } from "./media.ts";
import { modelFacts } from "./openai-models.ts";
import { isMade, textsOf, typeOf } from "./responses-items.ts";
import { thinks } from "./responses-rules.ts";
import { chosenNames } from "./responses-tools.ts";
import { IMAGE_TOKENS, tokensOf } from "./tokens.ts";

/** A repeated prefix is cached by itself from this size on. */
const IMPLICIT_CACHE_TOKENS = 1024;

const STRINGS = { type: "array", items: { type: "string" } };
/** The input of tools that have no schema on the wire. */
const TYPED_TOOLS: Readonly<Record<string, Fields>> = {
  local_shell: { type: "object", properties: { command: STRINGS }, required: ["command"] },
  shell: { type: "object", properties: { commands: STRINGS }, required: ["commands"] },
  apply_patch: {
    type: "object",
    properties: { type: { enum: ["create_file", "update_file", "delete_file"] }, path: { type: "string" }, diff: { type: "string" } },
    required: ["type", "path", "diff"],
  },
  computer: { type: "object", properties: { type: { const: "screenshot" } }, required: ["type"] },
};

/** The ask of a request body. @param items the whole conversation, what the body refers to included. */
export function responsesAsk(body: Fields, items: readonly Fields[]): Ask {
  const model = textOf(body["model"]);
  const reasoning = fieldsOf(body["reasoning"]);
  const spoken = items.findIndex((item) => !isInstruction(item));
  const leading = spoken < 0 ? items : items.slice(0, spoken);
  return {
    model,
    stream: body["stream"] === true,
    system: [
      ...(typeof body["instructions"] === "string" ? [body["instructions"]] : []),
      ...leading.flatMap((item) => textsOf(item["content"])),
    ],
    turns: turnsOf(items.slice(leading.length)),
    tools: [...offeredTools(body["tools"], true), ...items.flatMap((item) => offeredTools(loadedTools(item), false))],
    choice: choiceOf(body["tool_choice"]),
    parallel: typeof body["parallel_tool_calls"] === "boolean" ? body["parallel_tool_calls"] : undefined,
    format: formatOf(fieldsOf(fieldsOf(body["text"])["format"])),
    thinking: thinkingOf(body, model),
    effort: optionalText(reasoning["effort"]),
    thinkingBudget: undefined,
    maxTokens: numberOf(body["max_output_tokens"]) ?? Infinity,
    stop: [],
    sampling: present({ temperature: numberOf(body["temperature"]), topP: numberOf(body["top_p"]) }),
    size: promptSize(body, items),
  };
}

function isInstruction(item: Fields): boolean {
  return item["role"] === "system" || item["role"] === "developer";
}

/** The tools that an item adds to those of the request. */
function loadedTools(item: Fields): unknown {
  return item["type"] === "additional_tools" || item["type"] === "tool_search_output" ? item["tools"] : undefined;
}

/** @param defers whether a tool may wait until it is loaded, as those of the request may. */
function offeredTools(tools: unknown, defers: boolean): OfferedTool[] {
  return listOf(tools)
    .map(fieldsOf)
    .flatMap((tool) => {
      if (tool["type"] !== "namespace") return [offeredTool(tool, defers)];
      const namespace = textOf(tool["name"]);
      return listOf(tool["tools"])
        .map(fieldsOf)
        .map((member) => ({ ...offeredTool(member, defers), namespace }));
    });
}

function offeredTool(tool: Fields, defers: boolean): OfferedTool {
  const type = textOf(tool["type"]);
  const described = { description: optionalText(tool["description"]) };
  const deferred = defers && tool["defer_loading"] === true ? { deferred: true } : {};
  if (type === "function") {
    return {
      name: textOf(tool["name"]),
      ...described,
      schema: tool["parameters"] ?? { type: "object", properties: {} },
      ...(typeof tool["strict"] === "boolean" ? { strict: tool["strict"] } : {}),
      ...deferred,
    };
  }
  if (type === "custom") {
    const format = isFields(tool["format"]) ? { format: tool["format"] } : {};
    return { name: textOf(tool["name"]), ...described, schema: undefined, kind: "custom", ...format, ...deferred };
  }
  if (type === "tool_search" && tool["execution"] === "client") {
    return { name: type, ...described, schema: tool["parameters"] ?? { type: "object", properties: {} }, wireType: type };
  }
  const schema = TYPED_TOOLS[type];
  if (schema !== undefined) return { name: type, schema, wireType: type };
  return { name: textOf(tool["server_label"]) || type, schema: undefined, kind: "hosted" };
}

function choiceOf(choice: unknown): Ask["choice"] {
  if (choice === "none" || choice === "required") return { mode: choice };
  if (!isFields(choice)) return { mode: "auto" };
  const mode = choice["type"] === "allowed_tools" ? choice["mode"] : "required";
  return { mode: mode === "required" ? "required" : "auto", names: chosenNames(choice) };
}

function formatOf(format: Fields): Ask["format"] {
  if (format["type"] === "json_object") return "json";
  if (format["type"] !== "json_schema") return "text";
  const { schema, name, strict } = format;
  return { schema: schema ?? {}, ...present({ name: optionalText(name), strict: typeof strict === "boolean" ? strict : undefined }) };
}

/** Only a summary can be read, and only whoever asks for one gets it; open models show what they think. */
function thinkingOf(body: Fields, name: string): Ask["thinking"] {
  const model = modelFacts(name);
  if (!thinks(body, model)) return "off";
  const { summary, generate_summary: old } = fieldsOf(body["reasoning"]);
  return model.rawReasoning || (summary ?? old) !== undefined ? "shown" : "hidden";
}

/** What the model made in one go is one turn. */
function turnsOf(items: readonly Fields[]): Turn[] {
  const turns: Turn[] = [];
  for (const item of items) {
    const last = turns.at(-1);
    const parts = partsOf(item);
    if (!isMade(item)) turns.push({ role: isInstruction(item) ? "system" : "user", parts });
    else if (last?.role === "assistant") turns[turns.length - 1] = { role: "assistant", parts: [...last.parts, ...parts] };
    else turns.push({ role: "assistant", parts });
  }
  return turns;
}

function partsOf(item: Fields): Part[] {
  const type = typeOf(item);
  switch (type) {
    case "message":
      return contentParts(item["content"]);
    case "reasoning":
      return [{ type: "thinking", text: reasoningText(item), signature: optionalText(item["encrypted_content"]), redacted: false }];
    case "function_call":
      return [callPart(item, textOf(item["name"]), textOf(item["arguments"]))];
    case "custom_tool_call":
      return [{ ...callPart(item, textOf(item["name"]), textOf(item["input"])), custom: true }];
    case "tool_search_call":
      return [callPart(item, "tool_search", JSON.stringify(item["arguments"] ?? {}))];
    case "local_shell_call":
    case "shell_call":
    case "computer_call":
      return [callPart(item, type.slice(0, -"_call".length), JSON.stringify(item["action"] ?? {}))];
    case "apply_patch_call":
      return [callPart(item, "apply_patch", JSON.stringify(item["operation"] ?? {}))];
    default:
      return [type.endsWith("_output") ? resultPart(item) : { type: "other", kind: type }];
  }
}

/** The summary where there is one, else the reasoning itself. */
function reasoningText(item: Fields): string {
  const summary = listOf(item["summary"]).map((part) => textOf(fieldsOf(part)["text"]));
  return summary.length > 0 ? summary.join("\n\n") : textsOf(item["content"]).join("");
}

function callPart(item: Fields, name: string, input: string): CallPart {
  const namespace = optionalText(item["namespace"]);
  return { type: "call", id: optionalText(item["call_id"]), name, arguments: input, ...(namespace === undefined ? {} : { namespace }) };
}

function resultPart(item: Fields): Part {
  const { output } = item;
  const parts = isFields(output) ? [partOf({ ...output, type: "input_image" })] : contentParts(output);
  return {
    type: "result",
    id: optionalText(item["call_id"] ?? item["id"]),
    name: undefined,
    text: resultText(item, parts),
    isError: item["status"] === "failed",
    media: parts.filter((part) => part.type === "media"),
  };
}

/** Shells give streams of text, searches give tools. */
function resultText(item: Fields, parts: readonly Part[]): string {
  if (item["type"] === "shell_call_output") {
    const chunks = listOf(item["output"]).map(fieldsOf);
    return chunks.map(({ stdout, stderr }) => textOf(stdout) + textOf(stderr)).join("\n");
  }
  if (item["type"] === "tool_search_output")
    return offeredTools(item["tools"], false)
      .map(({ name }) => name)
      .join("\n");
  return parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

function contentParts(content: unknown): Part[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : listOf(content).map(fieldsOf).map(partOf);
}

function partOf(part: Fields): Part {
  const type = textOf(part["type"]);
  switch (type) {
    case "input_text":
    case "output_text":
      return { type: "text", text: textOf(part["text"]), ...(isFields(part["prompt_cache_breakpoint"]) ? { cacheMark: true } : {}) };
    case "refusal":
      return { type, text: textOf(part["refusal"]) };
    case "input_image":
      return part["image_url"] === undefined ? mediaFile(textOf(part["file_id"]), "image") : mediaAt(textOf(part["image_url"]), "image");
    case "input_audio": {
      const { data, format } = fieldsOf(part["input_audio"]);
      return mediaBytes(`audio/${textOf(format)}`, textOf(data));
    }
    case "input_file": {
      const { file_data: data, file_url: url, file_id: id, filename } = part;
      const place = data ?? url;
      return place === undefined
        ? mediaFile(textOf(id), "document")
        : mediaAt(textOf(place), "document", undefined, optionalText(filename));
    }
    default:
      return { type: "other", kind: type };
  }
}

function promptSize(body: Fields, items: readonly Fields[]): PromptSize {
  const head = tokensOf(JSON.stringify([body["instructions"], body["tools"]]));
  const sizes = items.map(itemTokens);
  const lastMade = items.findLastIndex(isMade);
  const total = sizes.reduce((sum, size) => sum + size, head);
  const repeated = lastMade < 0 ? 0 : sizes.slice(0, lastMade + 1).reduce((sum, size) => sum + size, head);
  const cacheRead = repeated >= IMPLICIT_CACHE_TOKENS ? repeated : 0;
  return { input: total - cacheRead, cacheRead, cacheWrite: 0 };
}

/** Media cost what they cost whatever their bytes. */
function itemTokens({ content, output, ...rest }: Fields): number {
  const parts = [content, output].flatMap((value) => (Array.isArray(value) ? value.map(fieldsOf) : []));
  const media = parts.filter((part) => ["input_image", "input_file", "input_audio"].includes(textOf(part["type"])));
  const texts = parts.filter((part) => !media.includes(part));
  const plain = [content, output].filter((value) => !Array.isArray(value));
  return tokensOf(JSON.stringify([rest, plain, texts])) + media.length * IMAGE_TOKENS;
}
