/** OpenAI's rules for the tools of a Responses request and for the choice among them (dossier A.3.1). Each throws its 400. */
import { fieldsOf, isFields, listOf, textOf, type Fields } from "./json-values.ts";
import { checkName, emptyArray, missing, unsupportedValue, wrong, wrongType } from "./openai-refusals.ts";
import { checkParameters, checkStrict } from "./openai-schema.ts";
import { readObject, type ObjectName } from "./responses-fields.ts";

const TOOLS: Readonly<Record<string, { readonly object: ObjectName; readonly required?: readonly string[] }>> = {
  function: { object: "Function", required: ["name"] },
  custom: { object: "Custom", required: ["name"] },
  namespace: { object: "Namespace", required: ["name", "description", "tools"] },
  tool_search: { object: "ToolSearch" },
  web_search: { object: "WebSearch" },
  web_search_2025_08_26: { object: "WebSearch" },
  web_search_preview: { object: "WebSearchPreview" },
  web_search_preview_2025_03_11: { object: "WebSearchPreview" },
  file_search: { object: "FileSearch", required: ["vector_store_ids"] },
  code_interpreter: { object: "CodeInterpreter", required: ["container"] },
  image_generation: { object: "ImageGeneration" },
  mcp: { object: "Mcp", required: ["server_label"] },
  computer: { object: "Computer" },
  computer_use_preview: { object: "ComputerPreview", required: ["display_height", "display_width", "environment"] },
  local_shell: { object: "LocalShell" },
  shell: { object: "Shell" },
  apply_patch: { object: "ApplyPatch" },
  programmatic_tool_calling: { object: "ProgrammaticToolCalling" },
};
/** Names that a user's own namespace cannot have. */
const RESERVED_NAMESPACES = ["file_search", "web_search", "code_interpreter", "image_generation"];
const CHOICE_WORDS = ["none", "auto", "required"];
const CHOICE_TYPES = [
  "allowed_tools",
  "function",
  "custom",
  "mcp",
  "apply_patch",
  "shell",
  "programmatic_tool_calling",
  "file_search",
  "web_search",
  "web_search_2025_08_26",
  "web_search_preview",
  "web_search_preview_2025_03_11",
  "computer",
  "computer_use",
  "computer_use_preview",
  "image_generation",
  "code_interpreter",
  "local_shell",
];

/** The checked tools of a list, without their nulls. */
export function readTools(value: unknown, path: string): readonly Fields[] {
  if (!Array.isArray(value)) throw wrongType(path, "an array of objects", value);
  return value.map((tool, index) => readTool(tool, `${path}[${index}]`, Object.keys(TOOLS)));
}

/** Every tool that can be named, those inside namespaces included. */
function namedTools(tools: readonly Fields[]): readonly Fields[] {
  return tools.flatMap((tool) => (tool["type"] === "namespace" ? listOf(tool["tools"]).map(fieldsOf) : [tool]));
}

function readTool(value: unknown, path: string, allowed: readonly string[]): Fields {
  if (!isFields(value)) throw wrongType(path, "an object", value);
  const type = value["type"];
  if (type === undefined) throw missing(`${path}.type`);
  const kind = TOOLS[textOf(type)];
  if (kind === undefined || !allowed.includes(textOf(type))) throw unsupportedValue(textOf(type), allowed, `${path}.type`);
  // Before the unknown fields: whoever sends the form of Chat Completions is told that the name is missing.
  for (const name of kind.required ?? []) if ((value[name] ?? undefined) === undefined) throw missing(`${path}.${name}`);
  const tool = readObject(value, kind.object, path);
  if (tool["name"] !== undefined) checkName(textOf(tool["name"]), `${path}.name`);
  if (type === "function") checkFunction(tool, path);
  if (type === "custom") checkFormat(fieldsOf(tool["format"]), `${path}.format`);
  if (type === "namespace") return { ...tool, tools: readNamespace(tool, path) };
  if (type === "mcp" && ["server_url", "connector_id", "tunnel_id"].every((name) => tool[name] === undefined))
    throw wrong("One of 'server_url', 'connector_id' or 'tunnel_id' must be provided for MCP tools.", `${path}.server_url`);
  if (type === "tool_search" && tool["execution"] !== undefined && tool["execution"] !== "server" && tool["execution"] !== "client")
    throw unsupportedValue(textOf(tool["execution"]), ["server", "client"], `${path}.execution`);
  if (type === "file_search" && listOf(tool["vector_store_ids"]).length === 0) throw emptyArray(`${path}.vector_store_ids`);
  const size = tool["search_context_size"];
  if (size !== undefined && !["low", "medium", "high"].includes(textOf(size)))
    throw unsupportedValue(textOf(size), ["low", "medium", "high"], `${path}.search_context_size`);
  return tool;
}

function readNamespace(namespace: Fields, path: string): readonly Fields[] {
  const name = textOf(namespace["name"]);
  if (RESERVED_NAMESPACES.includes(name)) {
    throw wrong(
      `Invalid Value: 'tools.namespace'. User-defined namespace '${name}' collides with an existing tool namespace.`,
      `${path}.name`,
      "invalid_value",
    );
  }
  return listOf(namespace["tools"]).map((tool, index) => readTool(tool, `${path}.tools[${index}]`, ["function", "custom"]));
}

function checkFunction(tool: Fields, path: string): void {
  const place = { what: `function '${textOf(tool["name"])}'`, param: `${path}.parameters`, code: "invalid_function_parameters" };
  if (tool["parameters"] !== undefined) checkParameters(tool["parameters"], place);
  // Where nothing is said of `strict`, OpenAI makes the schema strict if it can.
  if (tool["strict"] === true) checkStrict(tool["parameters"] ?? { type: "object", properties: {}, additionalProperties: false }, place);
}

function checkFormat(format: Fields, path: string): void {
  const { type, syntax, definition } = format;
  if (type === undefined) {
    if (Object.keys(format).length > 0) throw missing(`${path}.type`);
    return;
  }
  if (type !== "text" && type !== "grammar") throw unsupportedValue(textOf(type), ["text", "grammar"], `${path}.type`);
  if (type === "text") return;
  if (syntax === undefined) throw missing(`${path}.syntax`);
  if (syntax !== "lark" && syntax !== "regex") throw unsupportedValue(textOf(syntax), ["lark", "regex"], `${path}.syntax`);
  if (definition === undefined) throw missing(`${path}.definition`);
}

/** Checks a choice against the tools that can be called: those of the request and those that its items add. */
export function checkChoice(choice: unknown, tools: readonly Fields[]): void {
  if (choice === undefined) return;
  if (typeof choice === "string") {
    if (!CHOICE_WORDS.includes(choice)) throw unsupportedValue(choice, CHOICE_WORDS, "tool_choice");
    if (choice === "required" && tools.length === 0)
      throw wrong("Tool choice 'required' must be specified with 'tools' parameter.", "tool_choice");
    return;
  }
  if (!isFields(choice)) throw wrongType("tool_choice", "one of a string or an object", choice);
  const type = textOf(choice["type"]);
  if (!CHOICE_TYPES.includes(type)) throw unsupportedValue(type, CHOICE_TYPES, "tool_choice.type");
  if (type === "allowed_tools") {
    const { mode } = choice;
    if (mode !== "auto" && mode !== "required") throw unsupportedValue(textOf(mode), ["auto", "required"], "tool_choice.mode");
    for (const [index, allowed] of listOf(choice["tools"]).entries()) checkChosen(fieldsOf(allowed), tools, `tool_choice.tools[${index}]`);
    return;
  }
  checkChosen(choice, tools, "tool_choice");
}

function checkChosen(chosen: Fields, tools: readonly Fields[], path: string): void {
  const type = textOf(chosen["type"]);
  const member = type === "mcp" ? "server_label" : type === "function" || type === "custom" ? "name" : undefined;
  if (member !== undefined && chosen[member] === undefined) throw missing(`${path}.${member}`);
  const offered = namedTools(tools).some((tool) => tool["type"] === type && (member === undefined || tool[member] === chosen[member]));
  if (!offered) throw wrong(`Tool choice '${type}' not found in 'tools' parameter.`, path);
}

/** What a choice names: names of functions and custom tools, labels of servers, types of the others. */
export function chosenNames(choice: Fields): readonly string[] {
  const chosen = choice["type"] === "allowed_tools" ? listOf(choice["tools"]).map(fieldsOf) : [choice];
  return chosen.map(({ name, server_label: label, type }) => textOf(name ?? label ?? type));
}
