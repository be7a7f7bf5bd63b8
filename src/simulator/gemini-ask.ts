/** A Gemini request in the brain's words, and how many tokens its prompt is. */
import type { Ask, OfferedTool, PromptSize, Turn } from "./conversation.ts";
import { geminiGeneration } from "./gemini-rules.ts";
import { fieldsOf, listOf, numberOf, textOf, type Fields } from "./json-values.ts";
import { IMAGE_TOKENS, tokensOf } from "./tokens.ts";

/** A repeated prefix is cached by itself from this size on. */
const IMPLICIT_CACHE_TOKENS = 1024;

/** The ask of a checked request. */
export function geminiAsk(body: Fields, model: string): Ask {
  const config = fieldsOf(body["generationConfig"]);
  const contents = contentsOf(body);
  return {
    model,
    turns: contents.map(turnOf),
    tools: listOf(body["tools"]).flatMap((tool) =>
      listOf(fieldsOf(tool)["functionDeclarations"]).map((item) => offeredTool(fieldsOf(item))),
    ),
    choice: choiceOf(fieldsOf(fieldsOf(body["toolConfig"])["functionCallingConfig"])),
    format: formatOf(config),
    thinking: thinkingOf(fieldsOf(config["thinkingConfig"]), model),
    maxTokens: numberOf(config["maxOutputTokens"]) ?? Infinity,
    stop: listOf(config["stopSequences"]).map(textOf),
    size: promptSize(body),
  };
}

/** Images and other media in the prompt, as tokens. */
export function mediaTokens(body: Fields): number {
  return contentsOf(body).flatMap(partsOf).filter(isMedia).length * IMAGE_TOKENS;
}

function contentsOf(body: Fields): readonly Fields[] {
  return listOf(body["contents"]).map(fieldsOf);
}

function partsOf(content: Fields): readonly Fields[] {
  return listOf(content["parts"]).map(fieldsOf);
}

function isMedia(part: Fields): boolean {
  return part["inlineData"] !== undefined || part["fileData"] !== undefined;
}

function offeredTool(declaration: Fields): OfferedTool {
  return {
    name: textOf(declaration["name"]),
    schema: declaration["parametersJsonSchema"] ?? declaration["parameters"] ?? { type: "object", properties: {} },
  };
}

function choiceOf(config: Fields): Ask["choice"] {
  const allowed = listOf(config["allowedFunctionNames"]).map(textOf);
  const names = allowed.length === 0 ? {} : { names: allowed };
  if (config["mode"] === "ANY") return { mode: "required", ...names };
  return { mode: config["mode"] === "NONE" ? "none" : "auto", ...names };
}

function formatOf(config: Fields): Ask["format"] {
  const schema = config["responseJsonSchema"] ?? config["responseSchema"];
  if (schema !== undefined) return { schema };
  return config["responseMimeType"] === "application/json" ? "json" : "text";
}

/** Models think by themselves from generation 3 on; what is asked for is whether the thoughts show. */
function thinkingOf(config: Fields, model: string): Ask["thinking"] {
  if (config["thinkingBudget"] === 0) return "off";
  if (config["includeThoughts"] === true) return "shown";
  return geminiGeneration(model) >= 3 || config["thinkingBudget"] !== undefined ? "hidden" : "off";
}

function turnOf(content: Fields): Turn {
  const parts = partsOf(content);
  const responses = parts.filter((part) => part["functionResponse"] !== undefined).map((part) => fieldsOf(part["functionResponse"]));
  return {
    role: content["role"] === "model" ? "assistant" : "user",
    texts: parts.filter((part) => typeof part["text"] === "string" && part["thought"] !== true).map((part) => textOf(part["text"])),
    results: responses.map((response) => resultText(fieldsOf(response["response"]))),
    calls: parts.some((part) => part["functionCall"] !== undefined),
    media: [...parts, ...responses.flatMap(partsOf)].filter(isMedia).map(mediaKind),
  };
}

/** `output`, `result` or `error` where one is there (the names clients use), else the whole object. */
function resultText(response: Fields): string {
  const told = response["output"] ?? response["result"] ?? response["error"];
  if (typeof told === "string") return told;
  return JSON.stringify(told ?? response);
}

function mediaKind(part: Fields): string {
  const type = textOf(fieldsOf(part["inlineData"] ?? part["fileData"])["mimeType"]).split("/")[0] ?? "";
  return ["image", "audio", "video"].includes(type) ? type : "document";
}

function promptSize(body: Fields): PromptSize {
  const contents = contentsOf(body);
  const head = tokensOf(JSON.stringify([body["systemInstruction"], body["tools"]]));
  const sizes = contents.map((content) => partsOf(content).reduce((sum, part) => sum + partTokens(part), 0));
  const lastModel = contents.findLastIndex((content) => content["role"] === "model");
  const total = sizes.reduce((sum, size) => sum + size, head);
  const repeated = lastModel < 0 ? 0 : sizes.slice(0, lastModel + 1).reduce((sum, size) => sum + size, head);
  const cacheRead = repeated >= IMPLICIT_CACHE_TOKENS ? repeated : 0;
  return { input: total - cacheRead, cacheRead, cacheWrite: 0 };
}

function partTokens(part: Fields): number {
  return isMedia(part) ? IMAGE_TOKENS : tokensOf(JSON.stringify(part));
}
