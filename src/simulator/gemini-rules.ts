/** Gemini's checks of a request whose fields are known (dossier A.4.2, A.4.3). Each throws the vendor's 400. */
import { fieldsOf, listOf, numberOf, textOf, type Fields } from "./json-values.ts";
import { invalid } from "./vendor-error.ts";

const FUNCTION_NAME = /^[A-Za-z_][\w.:-]{0,127}$/;
const MODES = ["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"];
const LEVELS = ["THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH"];
const SCHEMA_TYPES = ["STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"];
/** The members of a part's `data`; exactly one must be there. */
const PART_DATA = [
  "text",
  "inlineData",
  "fileData",
  "functionCall",
  "functionResponse",
  "executableCode",
  "codeExecutionResult",
  "toolCall",
  "toolResponse",
];

/** The generation in a Gemini model's name: 3 for `gemini-3.8-flash`. Names without one count as the newest. */
export function geminiGeneration(model: string): number {
  const match = /gemini-(\d+)/.exec(model);
  return match === null ? Infinity : Number(match[1]);
}

/** Checks a request as `readBody` returned it; whether its signatures are genuine is for `gemini-binding.ts` to say. */
export function checkRequest(body: Fields, model: string): void {
  checkContents(listOf(body["contents"]).map(fieldsOf), model);
  checkTools(body, model);
  checkGeneration(fieldsOf(body["generationConfig"]), model);
}

function checkContents(contents: readonly Fields[], model: string): void {
  if (contents.length === 0) throw invalid("* GenerateContentRequest.contents: contents is not specified\n");
  for (const [index, content] of contents.entries()) {
    const path = `* GenerateContentRequest.contents[${index}]`;
    if (!["user", "model", "function", ""].includes(textOf(content["role"]))) throw invalid("Please use a valid role: user, model.");
    const parts = partsOf(content);
    if (parts.length === 0) throw invalid(`${path}.parts: contents.parts must not be empty.\n`);
    for (const [position, part] of parts.entries()) checkPart(part, `${path}.parts[${position}]`);
    checkSignedCalls(parts, index, model);
    checkOrder(content, contents[index - 1], contents[index + 1]);
  }
}

function partsOf(content: Fields | undefined): readonly Fields[] {
  return listOf(content?.["parts"]).map(fieldsOf);
}

function checkPart(part: Fields, path: string): void {
  const set = PART_DATA.filter((name) => part[name] !== undefined);
  if (set.length === 0) throw invalid(`${path}.data: required oneof field 'data' must have one initialized field\n`);
  if (set.length > 1)
    throw invalid(`Invalid value at '${path.slice(2)}' (oneof), oneof field 'data' is already set. Cannot set '${set[1]}'`);
  const named = part["functionCall"] ?? part["functionResponse"];
  if (named !== undefined && textOf(fieldsOf(named)["name"]) === "") {
    throw invalid(`${path}.${part["functionCall"] === undefined ? "function_response" : "function_call"}.name: Name cannot be empty.\n`);
  }
}

/** From the third generation on, the first call of every step must come back with its signature (dossier A.4.3). */
function checkSignedCalls(parts: readonly Fields[], index: number, model: string): void {
  const first = parts.find((part) => part["functionCall"] !== undefined);
  if (first === undefined || geminiGeneration(model) < 3 || textOf(first["thoughtSignature"]) !== "") return;
  const name = textOf(fieldsOf(first["functionCall"])["name"]);
  throw invalid(
    `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${name}\` , position ${index + 1}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.`,
  );
}

function checkOrder(content: Fields, before: Fields | undefined, after: Fields | undefined): void {
  const calls = countOf(content, "functionCall");
  const responses = countOf(content, "functionResponse");
  if (calls > 0 && (before === undefined || before["role"] === "model")) {
    throw invalid("Please ensure that function call turn comes immediately after a user turn or after a function response turn.");
  }
  if (responses > 0 && countOf(before, "functionCall") === 0) {
    throw invalid("Please ensure that function response turn comes immediately after a function call turn.");
  }
  if (calls > 0 && countOf(after, "functionResponse") !== calls) {
    throw invalid(
      "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
    );
  }
}

function countOf(content: Fields | undefined, member: string): number {
  return partsOf(content).filter((part) => part[member] !== undefined).length;
}

function checkTools(body: Fields, model: string): void {
  const tools = listOf(body["tools"]).map(fieldsOf);
  const declarations = tools.flatMap((tool) => listOf(tool["functionDeclarations"]).map(fieldsOf));
  const names = new Set<unknown>();
  for (const [index, declaration] of declarations.entries()) {
    const path = `* GenerateContentRequest.tools[0].function_declarations[${index}]`;
    const name = textOf(declaration["name"]);
    if (!FUNCTION_NAME.test(name)) throw invalid(`${path}.name: [Invalid function name. Must start with a letter or an underscore.]\n`);
    if (names.has(name)) throw invalid(`Duplicate function declaration found: ${name}`);
    names.add(name);
    if (declaration["parameters"] !== undefined && declaration["parametersJsonSchema"] !== undefined) {
      throw invalid(`${path}: only one of parameters and parameters_json_schema may be set.\n`);
    }
    checkSchema(declaration["parameters"], `${path}.parameters`);
  }
  const hosted = tools.some((tool) => Object.keys(tool).some((name) => name !== "functionDeclarations"));
  if (hosted && declarations.length > 0 && geminiGeneration(model) < 3)
    throw invalid("Tool use with function calling is unsupported by the model.");
  checkCallingConfig(fieldsOf(fieldsOf(body["toolConfig"])["functionCallingConfig"]), names);
  const format = textOf(fieldsOf(body["generationConfig"])["responseMimeType"]);
  if (format === "application/json" && declarations.length > 0 && geminiGeneration(model) < 3) {
    throw invalid("Function calling with a response mime type: 'application/json' is unsupported");
  }
}

function checkCallingConfig(config: Fields, declared: ReadonlySet<unknown>): void {
  const mode = textOf(config["mode"]);
  if (mode !== "" && !MODES.includes(mode)) throw invalid(`Invalid value at 'tool_config.function_calling_config.mode' (Mode), "${mode}"`);
  const allowed = listOf(config["allowedFunctionNames"]).map(textOf);
  if (allowed.length > 0 && mode !== "ANY" && mode !== "VALIDATED")
    throw invalid("Allowed function names should be set only when function calling mode is ANY.");
  const missing = allowed.find((name) => !declared.has(name));
  if (missing !== undefined) throw invalid(`Allowed function name is not a declared function: ${missing}`);
  if (mode === "ANY" && declared.size === 0) throw invalid("Function calling config is set without function_declarations.");
}

function checkSchema(schema: unknown, path: string): void {
  if (schema === undefined) return;
  const fields = fieldsOf(schema);
  const type = textOf(fields["type"]).toUpperCase();
  if (type !== "" && !SCHEMA_TYPES.includes(type))
    throw invalid(`Invalid value at '${path.slice(2)}.type' (Type), "${textOf(fields["type"])}"`);
  if (type === "ARRAY" && fields["items"] === undefined) throw invalid(`${path}.items: missing field.\n`);
  for (const name of listOf(fields["required"])) {
    if (fieldsOf(fields["properties"])[String(name)] === undefined)
      throw invalid(`${path}.required: property is not defined: ${String(name)}\n`);
  }
  for (const [name, property] of Object.entries(fieldsOf(fields["properties"]))) checkSchema(property, `${path}.properties[${name}]`);
  checkSchema(fields["items"], `${path}.items`);
  for (const [index, choice] of listOf(fields["anyOf"]).entries()) checkSchema(choice, `${path}.any_of[${index}]`);
}

function checkGeneration(config: Fields, model: string): void {
  const path = "* GenerateContentRequest.generation_config";
  const temperature = numberOf(config["temperature"]) ?? 1;
  if (temperature < 0 || temperature > 2) throw invalid(`${path}.temperature: temperature must be in the range [0.0, 2.0].\n`);
  const topP = numberOf(config["topP"]) ?? 1;
  if (topP < 0 || topP > 1) throw invalid(`${path}.top_p: top_p must be in the range [0.0, 1.0].\n`);
  if ((numberOf(config["maxOutputTokens"]) ?? 1) < 1) throw invalid("max_output_tokens must be positive.");
  if (listOf(config["stopSequences"]).length > 5) throw invalid("The number of stop sequences must be between 0 and 5.");
  if (config["responseSchema"] !== undefined && config["responseJsonSchema"] !== undefined) {
    throw invalid(`${path}: only one of response_schema and response_json_schema may be set.\n`);
  }
  checkSchema(config["responseSchema"], `${path}.response_schema`);
  const thinking = fieldsOf(config["thinkingConfig"]);
  const level = textOf(thinking["thinkingLevel"]);
  if (level === "") return;
  if (!LEVELS.includes(level))
    throw invalid(`Invalid value at 'generation_config.thinking_config.thinking_level' (ThinkingLevel), "${level}"`);
  if (thinking["thinkingBudget"] !== undefined) throw invalid("You can only set only one of thinking budget and thinking level.");
  if (geminiGeneration(model) < 3) throw invalid("Thinking level is not supported for this model.");
}
