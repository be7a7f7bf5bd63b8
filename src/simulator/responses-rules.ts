/** OpenAI's checks of everything in a Responses request but its items (dossier A.3.1). Each throws the vendor's 400. */
import { fieldsOf, isFields, listOf, numberOf, textOf, type Fields } from "./json-values.ts";
import { isOpenAi, modelFacts, type ModelFacts } from "./openai-models.ts";
import {
  checkLength,
  checkMetadata,
  checkName,
  checkRange,
  missing,
  quotedList,
  unsupportedParameter,
  unsupportedValue,
  wrong,
} from "./openai-refusals.ts";
import { checkStrict } from "./openai-schema.ts";
import { textsOf } from "./responses-items.ts";
import { checkChoice, readTools } from "./responses-tools.ts";

const RANGES: readonly (readonly [name: string, low: number, high: number, kind: "decimal" | "integer"])[] = [
  ["temperature", 0, 2, "decimal"],
  ["top_p", 0, 1, "decimal"],
  ["top_logprobs", 0, 20, "integer"],
  ["max_output_tokens", 16, Infinity, "integer"],
  ["max_tool_calls", 1, Infinity, "integer"],
];
const VALUES: Readonly<Record<string, readonly string[]>> = {
  service_tier: ["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"],
  truncation: ["auto", "disabled"],
  prompt_cache_retention: ["in_memory", "24h"],
};
const REASONING_VALUES: Readonly<Record<string, readonly string[]>> = {
  effort: ["none", "minimal", "low", "medium", "high", "xhigh", "max"],
  summary: ["auto", "concise", "detailed"],
  context: ["auto", "current_turn", "all_turns"],
  mode: ["standard", "pro"],
};
const INCLUDES = [
  "file_search_call.results",
  "web_search_call.results",
  "web_search_call.action.sources",
  "message.input_image.image_url",
  "computer_call_output.output.image_url",
  "code_interpreter_call.outputs",
  "reasoning.encrypted_content",
  "message.output_text.logprobs",
];
/** What Chat Completions calls by another name. */
const MOVED: Readonly<Record<string, string>> = {
  messages: "input",
  max_tokens: "max_output_tokens",
  max_completion_tokens: "max_output_tokens",
  response_format: "text.format",
  reasoning_effort: "reasoning.effort",
  verbosity: "text.verbosity",
};
/** What reasoning models refuse unless their effort is `none` (rule 193). */
const SAMPLING = ["temperature", "top_p", "top_logprobs"];
const SAMPLING_DEFAULTS: Readonly<Record<string, unknown>> = { temperature: 1, top_p: 1, top_logprobs: 0 };

/** Refuses the names that a body has from Chat Completions; before its fields are read. */
export function checkNames(body: Fields): void {
  for (const [name, place] of Object.entries(MOVED)) {
    if (body[name] === undefined) continue;
    throw wrong(
      `Unsupported parameter: '${name}'. In the Responses API, this parameter has moved to '${place}'. Try again with the new parameter. See the API documentation for more information: https://platform.openai.com/docs/api-reference/responses/create.`,
      name,
      "unsupported_parameter",
    );
  }
}

/** Checks a request whose fields have been read, beside its items. */
export function checkRequest(body: Fields, items: readonly Fields[]): void {
  for (const [name, low, high, kind] of RANGES) checkRange(numberOf(body[name]), name, low, high, kind);
  for (const [name, supported] of Object.entries(VALUES)) checkValue(body[name], supported, name);
  checkLength(textOf(body["safety_identifier"]), 128, "safety_identifier");
  checkLength(textOf(body["prompt_cache_key"]), 64, "prompt_cache_key");
  checkMetadata(fieldsOf(body["metadata"]));
  checkPlace(body);
  checkIncludes(body);
  const added = items.flatMap((item) =>
    item["type"] === "additional_tools" || item["type"] === "tool_search_output" ? listOf(item["tools"]) : [],
  );
  const tools = body["tools"] === undefined ? [] : readTools(body["tools"], "tools");
  checkChoice(body["tool_choice"], [...tools, ...added.map(fieldsOf)]);
  checkText(fieldsOf(body["text"]), body, items);
  checkReasoning(body);
}

function checkValue(value: unknown, supported: readonly string[], path: string): void {
  if (value !== undefined && !supported.includes(textOf(value))) throw unsupportedValue(textOf(value), supported, path);
}

/** Where the conversation is, and where the answer is to go. */
function checkPlace(body: Fields): void {
  const { input, previous_response_id: previous, conversation, prompt, stream, store, background } = body;
  if ([input, previous, conversation, prompt].every((value) => value === undefined)) {
    throw wrong(
      "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided.",
      "input",
      "missing_required_parameter",
    );
  }
  if (previous !== undefined && conversation !== undefined) {
    const names = "'previous_response_id' and 'conversation'";
    throw wrong(
      `Mutually exclusive parameters: ${names}. Ensure you are only providing one of: 'previous_response_id' or 'conversation'.`,
      "previous_response_id",
      "mutually_exclusive_parameters",
    );
  }
  const id = isFields(conversation) ? conversation["id"] : conversation;
  if (id !== undefined) throw wrong(`Conversation with id '${textOf(id)}' not found.`, "conversation");
  if (body["stream_options"] !== undefined && stream !== true)
    throw wrong("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
  if (background === true && store === false) throw wrong("Background mode requires 'store' to be true.", "store");
  if (body["prompt_cache_retention"] !== undefined && body["prompt_cache_options"] !== undefined)
    throw wrong("'prompt_cache_retention' and 'prompt_cache_options' cannot be set at the same time.", "prompt_cache_retention");
}

function checkIncludes(body: Fields): void {
  const included = listOf(body["include"]);
  for (const [index, value] of included.entries()) checkValue(value, INCLUDES, `include[${index}]`);
  const name = textOf(body["model"]);
  if (included.includes("reasoning.encrypted_content") && isOpenAi(name) && !modelFacts(name).reasoning)
    throw wrong("Encrypted content is not supported with this model.", "include");
}

function checkText(text: Fields, body: Fields, items: readonly Fields[]): void {
  checkValue(text["verbosity"], ["low", "medium", "high"], "text.verbosity");
  const format = fieldsOf(text["format"]);
  const { type, name, schema, strict } = format;
  const path = "text.format";
  if (type === undefined) {
    if (Object.keys(format).length > 0) throw missing(`${path}.type`);
    return;
  }
  checkValue(type, ["text", "json_object", "json_schema"], `${path}.type`);
  if (type === "json_object") checkJsonIsNamed(body, items);
  if (type !== "json_schema") return;
  if (name === undefined) throw missing(`${path}.name`);
  checkName(textOf(name), `${path}.name`);
  if (schema === undefined) throw missing(`${path}.schema`);
  if (strict === true)
    checkStrict(schema, { what: `response_format '${textOf(name)}'`, param: `${path}.schema`, code: "invalid_json_schema" });
}

function checkJsonIsNamed(body: Fields, items: readonly Fields[]): void {
  const said = [textOf(body["instructions"]), ...items.flatMap((item) => textsOf(item["content"] ?? item["output"]))];
  if (said.some((text) => /json/i.test(text))) return;
  throw wrong("Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.", "input");
}

function checkReasoning(body: Fields): void {
  const name = textOf(body["model"]);
  const model = modelFacts(name);
  const reasoning = fieldsOf(body["reasoning"]);
  for (const [member, supported] of Object.entries(REASONING_VALUES)) checkValue(reasoning[member], supported, `reasoning.${member}`);
  if (!isOpenAi(name)) return;
  if (!model.reasoning) {
    for (const member of ["effort", "summary"]) if (reasoning[member] !== undefined) throw unsupportedParameter(`reasoning.${member}`);
    const verbosity = fieldsOf(body["text"])["verbosity"] ?? "medium";
    if (verbosity !== "medium") throw unsupportedByModel(textOf(verbosity), name, ["medium"], "text.verbosity");
    return;
  }
  const { effort } = reasoning;
  if (effort !== undefined && !model.efforts.includes(textOf(effort)))
    throw unsupportedByModel(textOf(effort), name, model.efforts, "reasoning.effort");
  if (!thinks(body, model)) return;
  for (const field of SAMPLING) {
    const value = body[field];
    if (value !== undefined && value !== SAMPLING_DEFAULTS[field]) throw unsupportedParameter(field);
  }
}

/** Whether the model reasons before it answers. */
export function thinks(body: Fields, model: ModelFacts): boolean {
  const { effort } = fieldsOf(body["reasoning"]);
  return effort !== "none" && (model.thinksByItself || effort !== undefined);
}

function unsupportedByModel(value: string, model: string, supported: readonly string[], path: string): Error {
  return wrong(
    `Unsupported value: '${value}' is not supported with the '${model}' model. Supported values are: ${quotedList(supported)}.`,
    path,
    "unsupported_value",
  );
}
