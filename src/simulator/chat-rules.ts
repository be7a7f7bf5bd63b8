/** OpenAI's checks of everything in a request but its messages (dossier A.2.1). Each throws the vendor's 400. */
import { fieldsOf, listOf, numberOf, textOf, type Fields } from "./json-values.ts";
import { isOpenAi, modelFacts, type ModelFacts } from "./openai-models.ts";
import {
  checkLength,
  checkMetadata,
  checkName,
  checkRange,
  emptyArray,
  longArray,
  missing,
  unsupportedParameter,
  unsupportedValue,
  wrong,
  wrongType,
} from "./openai-refusals.ts";
import { checkParameters, checkStrict } from "./openai-schema.ts";

const MAX_TOOLS = 128;
const RANGES: readonly (readonly [name: string, low: number, high: number])[] = [
  ["temperature", 0, 2],
  ["top_p", 0, 1],
  ["frequency_penalty", -2, 2],
  ["presence_penalty", -2, 2],
];
const COUNTS: readonly (readonly [name: string, low: number, high: number])[] = [
  ["n", 1, 128],
  ["top_logprobs", 0, 20],
  ["max_tokens", 1, Infinity],
  ["max_completion_tokens", 1, Infinity],
];
const VALUES: Readonly<Record<string, readonly string[]>> = {
  reasoning_effort: ["none", "minimal", "low", "medium", "high", "xhigh", "max"],
  verbosity: ["low", "medium", "high"],
  service_tier: ["auto", "default", "flex", "scale", "priority", "fast"],
  prompt_cache_retention: ["in_memory", "24h"],
};
/** What reasoning models refuse unless their effort is `none` (rule 193). */
const SAMPLING = ["temperature", "top_p", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs"];
const SAMPLING_DEFAULTS: Readonly<Record<string, unknown>> = {
  temperature: 1,
  top_p: 1,
  frequency_penalty: 0,
  presence_penalty: 0,
  logprobs: false,
};

/** Checks a request whose fields have been read, beside its messages. */
export function checkRequest(body: Fields, messages: readonly Fields[]): void {
  const name = textOf(body["model"]);
  const model = modelFacts(name);
  checkNumbers(body);
  checkValues(body);
  checkStop(body["stop"]);
  checkMetadata(fieldsOf(body["metadata"]));
  if (body["metadata"] !== undefined && body["store"] !== true)
    throw wrong("The 'metadata' parameter is only allowed when 'store' is enabled.", "metadata");
  if (body["stream_options"] !== undefined && body["stream"] !== true)
    throw wrong("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
  if (body["top_logprobs"] !== undefined && body["logprobs"] !== true)
    throw wrong("'top_logprobs' is only allowed when 'logprobs' is enabled.", "top_logprobs");
  if (body["prompt_cache_retention"] !== undefined && body["prompt_cache_options"] !== undefined)
    throw wrong("'prompt_cache_retention' and 'prompt_cache_options' cannot be set at the same time.", "prompt_cache_retention");
  checkTools(body);
  checkFunctions(body);
  checkFormat(fieldsOf(body["response_format"]), messages);
  if (model.reasoning) checkReasoning(body, name, model);
  else if (isOpenAi(name) && body["reasoning_effort"] !== undefined) throw unsupportedParameter("reasoning_effort");
}

function checkNumbers(body: Fields): void {
  if (body["max_tokens"] !== undefined && body["max_completion_tokens"] !== undefined) {
    throw wrong(
      "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
      "max_tokens",
      "invalid_parameter_combination",
    );
  }
  for (const [name, low, high] of RANGES) checkRange(numberOf(body[name]), name, low, high, "decimal");
  for (const [name, low, high] of COUNTS) checkRange(numberOf(body[name]), name, low, high, "integer");
}

function checkValues(body: Fields): void {
  for (const [name, supported] of Object.entries(VALUES)) {
    const value = body[name];
    if (value !== undefined && !supported.includes(textOf(value))) throw unsupportedValue(textOf(value), supported, name);
  }
  checkLength(textOf(body["safety_identifier"]), 128, "safety_identifier");
}

function checkStop(stop: unknown): void {
  if (stop === undefined || typeof stop === "string") return;
  if (!Array.isArray(stop)) throw wrongType("stop", "one of a string or array of strings", stop);
  if (stop.length > 4) throw longArray("stop", 4, stop.length);
  for (const [index, sequence] of stop.entries()) if (typeof sequence !== "string") throw wrongType(`stop[${index}]`, "a string", sequence);
}

function checkTools(body: Fields): void {
  const tools = listOf(body["tools"]).map(fieldsOf);
  if (body["tools"] !== undefined && tools.length === 0) throw emptyArray("tools");
  if (tools.length > MAX_TOOLS) throw longArray("tools", MAX_TOOLS, tools.length);
  for (const [index, tool] of tools.entries()) {
    const type = tool["type"];
    const path = `tools[${index}]`;
    if (type === undefined) throw missing(`${path}.type`);
    if (type !== "function" && type !== "custom") throw unsupportedValue(textOf(type), ["function", "custom"], `${path}.type`);
    if (tool[type] === undefined) throw missing(`${path}.${type}`);
    checkTool(fieldsOf(tool[type]), `${path}.${type}`);
  }
  for (const name of ["tool_choice", "parallel_tool_calls"]) {
    if (tools.length === 0 && body[name] !== undefined && body[name] !== "none")
      throw wrong(`Invalid value for '${name}': '${name}' is only allowed when 'tools' are specified.`, name);
  }
  checkChoice(body["tool_choice"], tools);
}

function checkTool(tool: Fields, path: string): void {
  if (tool["name"] === undefined) throw missing(`${path}.name`);
  const name = textOf(tool["name"]);
  checkName(name, `${path}.name`);
  const place = { what: `function '${name}'`, param: `${path}.parameters`, code: "invalid_function_parameters" };
  if (tool["parameters"] !== undefined) checkParameters(tool["parameters"], place);
  if (tool["strict"] === true) checkStrict(tool["parameters"] ?? { type: "object", properties: {}, additionalProperties: false }, place);
}

function checkChoice(choice: unknown, tools: readonly Fields[]): void {
  if (choice === undefined) return;
  if (typeof choice === "string") {
    if (!["none", "auto", "required"].includes(choice)) throw unsupportedValue(choice, ["none", "auto", "required"], "tool_choice");
    return;
  }
  const fields = fieldsOf(choice);
  const type = textOf(fields["type"]);
  if (!["function", "custom", "allowed_tools"].includes(type))
    throw unsupportedValue(type, ["function", "custom", "allowed_tools"], "tool_choice.type");
  if (fields[type] === undefined) throw missing(`tool_choice.${type}`);
  const offered = tools.map((tool) => textOf(fieldsOf(tool["function"] ?? tool["custom"])["name"]));
  for (const name of chosenNames(fields)) {
    if (!offered.includes(name)) throw wrong(`Invalid value for 'tool_choice': tool '${name}' is not among the 'tools'.`, "tool_choice");
  }
  const mode = fieldsOf(fields["allowed_tools"])["mode"];
  if (type === "allowed_tools" && mode !== "auto" && mode !== "required")
    throw unsupportedValue(textOf(mode), ["auto", "required"], "tool_choice.allowed_tools.mode");
}

/** The names of the tools in a `tool_choice` object. */
export function chosenNames(choice: Fields): readonly string[] {
  const allowed = listOf(fieldsOf(choice["allowed_tools"])["tools"]).map(fieldsOf);
  return (choice["type"] === "allowed_tools" ? allowed : [choice]).map((item) =>
    textOf(fieldsOf(item["function"] ?? item["custom"])["name"]),
  );
}

function checkFunctions(body: Fields): void {
  const functions = listOf(body["functions"]).map(fieldsOf);
  for (const [index, declared] of functions.entries()) checkTool(declared, `functions[${index}]`);
  if (functions.length > 0 && body["tools"] !== undefined)
    throw wrong("'functions' and 'tools' cannot be specified at the same time.", "functions");
  if (functions.length === 0 && body["function_call"] !== undefined)
    throw wrong("Invalid value for 'function_call': 'function_call' is only allowed when 'functions' are specified.", "function_call");
}

function checkFormat(format: Fields, messages: readonly Fields[]): void {
  const type = format["type"];
  if (type === undefined) {
    if (Object.keys(format).length > 0) throw missing("response_format.type");
    return;
  }
  if (type !== "text" && type !== "json_object" && type !== "json_schema")
    throw unsupportedValue(textOf(type), ["json_object", "json_schema", "text"], "response_format.type");
  if (type === "json_object" && !/json/i.test(JSON.stringify(messages.map((message) => message["content"])))) {
    throw wrong("'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.", "messages");
  }
  if (type !== "json_schema") return;
  const schema = fieldsOf(format["json_schema"]);
  if (format["json_schema"] === undefined) throw missing("response_format.json_schema");
  if (schema["name"] === undefined) throw missing("response_format.json_schema.name");
  const name = textOf(schema["name"]);
  checkName(name, "response_format.json_schema.name");
  if (schema["strict"] !== true) return;
  if (schema["schema"] === undefined) throw missing("response_format.json_schema.schema");
  checkStrict(schema["schema"], { what: `response_format '${name}'`, param: "response_format", code: undefined });
}

function checkReasoning(body: Fields, name: string, model: ModelFacts): void {
  if (body["max_tokens"] !== undefined) throw unsupportedParameter("max_tokens", " Use 'max_completion_tokens' instead.");
  if (body["stop"] !== undefined) throw unsupportedParameter("stop");
  const effort = body["reasoning_effort"];
  if (effort !== undefined && !model.efforts.includes(textOf(effort))) {
    const supported = model.efforts.map((level) => `'${level}'`).join(", ");
    throw wrong(
      `Unsupported value: '${textOf(effort)}' is not supported with the '${name}' model. Supported values are: ${supported}.`,
      "reasoning_effort",
      "unsupported_value",
    );
  }
  if (effort === "none" || (effort === undefined && !model.thinksByItself)) return;
  for (const field of SAMPLING) {
    const value = body[field];
    if (value === undefined || value === SAMPLING_DEFAULTS[field]) continue;
    if (field !== "temperature") throw unsupportedParameter(field);
    throw wrong(
      `Unsupported value: 'temperature' does not support ${JSON.stringify(value)} with this model. Only the default (1) value is supported.`,
      field,
      "unsupported_value",
    );
  }
  if (model.functionsOrEffort && effort !== undefined && (body["tools"] !== undefined || body["functions"] !== undefined)) {
    throw wrong(
      `Function tools with reasoning_effort are not supported for ${name} in /v1/chat/completions. Please use /v1/responses instead.`,
      "reasoning_effort",
    );
  }
}
