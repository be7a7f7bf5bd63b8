/**
 * OpenAI's Chat request as objects: which fields each has and of what type. Unknown names and wrong types are refused
 * with the field's path; `null` counts as absent, as there (dossier A.2.1, rule 208).
 */
import { wrong } from "./chat-errors.ts";
import { isFields, type Fields } from "./json-values.ts";

type Type = "string" | "number" | "integer" | "boolean" | "object" | "array" | "any" | ObjectName | `${ObjectName}[]`;
export type ObjectName = keyof typeof OBJECTS;

const MESSAGE = { role: "string", content: "any", name: "string", prompt_cache_breakpoint: "object" } as const;

const OBJECTS = {
  Request: {
    messages: "array",
    model: "string",
    audio: "object",
    frequency_penalty: "number",
    function_call: "any",
    functions: "Function[]",
    logit_bias: "object",
    logprobs: "boolean",
    max_completion_tokens: "integer",
    max_tokens: "integer",
    metadata: "object",
    modalities: "array",
    moderation: "object",
    n: "integer",
    parallel_tool_calls: "boolean",
    prediction: "object",
    presence_penalty: "number",
    prompt_cache_key: "string",
    prompt_cache_options: "object",
    prompt_cache_retention: "string",
    reasoning_effort: "string",
    response_format: "ResponseFormat",
    safety_identifier: "string",
    seed: "integer",
    service_tier: "string",
    stop: "any",
    store: "boolean",
    stream: "boolean",
    stream_options: "StreamOptions",
    temperature: "number",
    tool_choice: "any",
    tools: "Tool[]",
    top_logprobs: "integer",
    top_p: "number",
    user: "string",
    verbosity: "string",
    web_search_options: "object",
  },
  StreamOptions: { include_usage: "boolean", include_obfuscation: "boolean" },
  ResponseFormat: { type: "string", json_schema: "JsonSchema" },
  JsonSchema: { name: "string", description: "string", schema: "object", strict: "boolean" },
  Tool: { type: "string", function: "Function", custom: "Custom" },
  Function: { name: "string", description: "string", parameters: "object", strict: "boolean" },
  Custom: { name: "string", description: "string", format: "object" },
  Instruction: MESSAGE,
  User: MESSAGE,
  Assistant: {
    ...MESSAGE,
    refusal: "string",
    audio: "object",
    annotations: "array",
    tool_calls: "ToolCall[]",
    function_call: "CalledFunction",
  },
  // Servers that show their reasoning take it back.
  Reasoner: {
    ...MESSAGE,
    refusal: "string",
    annotations: "array",
    tool_calls: "ToolCall[]",
    reasoning_content: "string",
    reasoning: "string",
    reasoning_details: "array",
  },
  ToolMessage: { ...MESSAGE, tool_call_id: "string" },
  FunctionMessage: { role: "string", content: "any", name: "string" },
  ToolCall: { id: "string", type: "string", function: "CalledFunction", custom: "CalledCustom" },
  CalledFunction: { name: "string", arguments: "string" },
  CalledCustom: { name: "string", input: "string" },
  TextPart: { type: "string", text: "string", prompt_cache_breakpoint: "object" },
  RefusalPart: { type: "string", refusal: "string" },
  ImagePart: { type: "string", image_url: "ImageUrl", prompt_cache_breakpoint: "object" },
  ImageUrl: { url: "string", detail: "string" },
  AudioPart: { type: "string", input_audio: "InputAudio", prompt_cache_breakpoint: "object" },
  InputAudio: { data: "string", format: "string" },
  FilePart: { type: "string", file: "FileData", prompt_cache_breakpoint: "object" },
  FileData: { file_data: "string", file_id: "string", filename: "string" },
} as const;

const ARTICLES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a decimal",
  integer: "an integer",
  boolean: "a boolean",
  object: "an object",
  array: "an array",
};

/** The object without its nulls; throws OpenAI's 400 for a field it does not know or of another type. */
export function readObject(value: unknown, name: ObjectName, path: string): Fields {
  if (!isFields(value)) throw wrongType(path, "an object", value);
  const types: Readonly<Record<string, Type>> = OBJECTS[name];
  const read: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    const type = types[key];
    const at = path === "" ? key : `${path}.${key}`;
    if (type === undefined) throw wrong(`Unknown parameter: '${at}'.`, at, "unknown_parameter");
    if (child !== null) read[key] = readValue(child, type, at);
  }
  return read;
}

/** The error for a value of a type that is not the `expected` ("a string", "an object", …). */
export function wrongType(path: string, expected: string, value: unknown): Error {
  const got = ARTICLES[typeOf(value)] ?? "null";
  return wrong(`Invalid type for '${path}': expected ${expected}, but got ${got} instead.`, path, "invalid_type");
}

/** The error for a required field that is not there. */
export function missing(path: string): Error {
  return wrong(`Missing required parameter: '${path}'.`, path, "missing_required_parameter");
}

function readValue(value: unknown, type: Type, path: string): unknown {
  if (type === "any") return value;
  if (type.endsWith("[]")) {
    if (!Array.isArray(value)) throw wrongType(path, "an array of objects", value);
    return value.map((item, index) => readObject(item, type.slice(0, -2) as ObjectName, `${path}[${index}]`));
  }
  if (type in OBJECTS) return readObject(value, type as ObjectName, path);
  const given = typeOf(value);
  if (given !== type && !(type === "number" && given === "integer")) throw wrongType(path, ARTICLES[type] as string, value);
  return value;
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" ? (Number.isInteger(value) ? "integer" : "number") : typeof value;
}
