/** What a Gemini request asks for, and how many tokens its prompt is. */
import type { Ask, MediaPart, OfferedTool, Part, PromptSize, Turn } from "./conversation.ts";
import { geminiGeneration } from "./gemini-rules.ts";
import { fieldsOf, listOf, numberOf, optionalText, present, textOf, type Fields } from "./json-values.ts";
import { mediaAt, mediaBytes, mediaFile, mediaKind } from "./media.ts";
import { IMAGE_TOKENS, tokensOf } from "./tokens.ts";

/** A repeated prefix is cached by itself from this size on. */
const IMPLICIT_CACHE_TOKENS = 1024;

/** The ask of a body as `readBody` gives it; `stream` is in the path. */
export function geminiAsk(body: Fields, model: string, stream: boolean): Ask {
  const config = fieldsOf(body["generationConfig"]);
  const thinking = fieldsOf(config["thinkingConfig"]);
  return {
    model,
    stream,
    system: partsOf(fieldsOf(body["systemInstruction"])).flatMap((part) => optionalText(part["text"]) ?? []),
    turns: contentsOf(body).map(turnOf),
    tools: listOf(body["tools"]).map(fieldsOf).flatMap(offeredTools),
    choice: choiceOf(fieldsOf(fieldsOf(body["toolConfig"])["functionCallingConfig"])),
    parallel: undefined,
    format: formatOf(config),
    thinking: thinkingOf(thinking, model),
    effort: optionalText(thinking["thinkingLevel"]),
    thinkingBudget: numberOf(thinking["thinkingBudget"]),
    maxTokens: numberOf(config["maxOutputTokens"]) ?? Infinity,
    stop: listOf(config["stopSequences"]).map(textOf),
    sampling: present({
      temperature: numberOf(config["temperature"]),
      topP: numberOf(config["topP"]),
      topK: numberOf(config["topK"]),
      seed: numberOf(config["seed"]),
      presencePenalty: numberOf(config["presencePenalty"]),
      frequencyPenalty: numberOf(config["frequencyPenalty"]),
      candidates: numberOf(config["candidateCount"]),
    }),
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

function offeredTools(tool: Fields): OfferedTool[] {
  const declared = listOf(tool["functionDeclarations"])
    .map(fieldsOf)
    .map((declaration) => ({
      name: textOf(declaration["name"]),
      description: optionalText(declaration["description"]),
      schema: declaration["parametersJsonSchema"] ?? declaration["parameters"] ?? { type: "object", properties: {} },
    }));
  const hosted = Object.keys(tool).filter((name) => name !== "functionDeclarations");
  return [...declared, ...hosted.map((name): OfferedTool => ({ name, schema: undefined, kind: "hosted" }))];
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
  return { role: content["role"] === "model" ? "assistant" : "user", parts: partsOf(content).map(partOf) };
}

function partOf(part: Fields): Part {
  const signature = optionalText(part["thoughtSignature"]);
  const signed = signature === undefined ? {} : { signature };
  if (part["thought"] === true) return { type: "thinking", text: textOf(part["text"]), signature, redacted: false };
  if (typeof part["text"] === "string") return { type: "text", text: part["text"], ...signed };
  if (isMedia(part)) return mediaPart(part);
  if (part["functionCall"] !== undefined) {
    const call = fieldsOf(part["functionCall"]);
    return {
      type: "call",
      id: optionalText(call["id"]),
      name: textOf(call["name"]),
      arguments: JSON.stringify(call["args"] ?? {}),
      ...signed,
    };
  }
  if (part["functionResponse"] !== undefined) {
    const answer = fieldsOf(part["functionResponse"]);
    const response = fieldsOf(answer["response"]);
    return {
      type: "result",
      id: optionalText(answer["id"]),
      name: optionalText(answer["name"]),
      text: resultText(response),
      isError: response["error"] !== undefined,
      media: partsOf(answer).filter(isMedia).map(mediaPart),
    };
  }
  return { type: "other", kind: Object.keys(part)[0] ?? "" };
}

/** `output`, `result` or `error` where one is there (the names clients use), else the whole object. */
function resultText(response: Fields): string {
  const told = response["output"] ?? response["result"] ?? response["error"];
  if (typeof told === "string") return told;
  return JSON.stringify(told ?? response);
}

function mediaPart(part: Fields): MediaPart {
  const inline = part["inlineData"];
  const { mimeType, data, fileUri, displayName } = fieldsOf(inline ?? part["fileData"]);
  const type = optionalText(mimeType);
  if (inline !== undefined) return mediaBytes(type ?? "", textOf(data), optionalText(displayName));
  const uri = textOf(fileUri);
  // The vendor's own files have addresses of one host.
  return uri.startsWith("https://generativelanguage.googleapis.com/")
    ? mediaFile(uri, mediaKind(type ?? ""), type)
    : mediaAt(uri, mediaKind(type ?? ""), type, optionalText(displayName));
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
