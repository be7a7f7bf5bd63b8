/** Tools and tool choice as a client declares them (A.2.1, B.0.4), the legacy `functions` included (rule 41). */
import type { Native, Tool, ToolChoice } from "../../../chat/chat.ts";
import { asObject, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import {
  arrayField,
  booleanField,
  nameField,
  objectAt,
  objectField,
  refuse,
  refuseMissing,
  refuseType,
  refuseValue,
  required,
  stringField,
} from "../../shared/openai-fields.ts";
import { annotations, leftoverUnder } from "../native.ts";
import { PROTOCOL } from "../wire.ts";

/** Every tool of a request. @throws GatewayError `invalid-request`, naming the field. */
export function decodeTools(body: JsonObject): Tool[] {
  const tools = (arrayField(body, "tools", "") ?? []).map((tool, i) => decodeTool(objectAt(tool, `tools[${i}]`), `tools[${i}]`));
  const functions = (arrayField(body, "functions", "") ?? []).map((tool, i) => {
    const path = `${LEGACY_PATH}${i}]`;
    return decodeFunction(objectAt(tool, path), {}, path, path);
  });
  return [...tools, ...functions, ...decodeSearch(body)];
}

const LEGACY_PATH = "functions[";

/** Whether the request declared its tools as `functions`, so that its answer must call them so (rule 41). */
export function usesLegacyFunctions(tools: readonly Tool[]): boolean {
  return tools.some(({ path }) => path.startsWith(LEGACY_PATH));
}

function decodeTool(tool: JsonObject, path: string): Tool {
  const type = required(stringField, tool, "type", path);
  switch (type) {
    case "function":
      return decodeFunction(required(objectField, tool, "function", path), tool, `${path}.function`, path);
    case "custom":
      return decodeCustom(required(objectField, tool, "custom", path), tool, path);
    default: {
      // Some vendors' own, which their servers run.
      const { type: _type, ...settings } = tool;
      const kind = type.startsWith("web_search") ? "web-search" : "other";
      return { type: "hosted", path, kind, name: type, settings, native: { protocol: PROTOCOL, fields: { type } } };
    }
  }
}

const NO_PARAMETERS: JsonObject = { type: "object", properties: {} };

/** @param fn the declaration. @param around the object it stands in. */
function decodeFunction(fn: JsonObject, around: JsonObject, at: string, path: string): Tool {
  const description = stringField(fn, "description", at);
  const strict = booleanField(fn, "strict", at);
  const rest = leftoverUnder("function", fn, ["name", "description", "parameters", "strict"]);
  return {
    type: "function",
    path,
    name: nameField(fn, at),
    ...(description !== undefined && { description }),
    inputSchema: objectField(fn, "parameters", at) ?? NO_PARAMETERS,
    ...(strict !== undefined && { strict }),
    ...annotations(around, ["function"], rest),
  };
}

function decodeCustom(custom: JsonObject, around: JsonObject, path: string): Tool {
  const at = `${path}.custom`;
  const description = stringField(custom, "description", at);
  const format = decodeGrammar(objectField(custom, "format", at));
  return {
    type: "custom",
    path,
    name: nameField(custom, at),
    ...(description !== undefined && { description }),
    ...(format && { format }),
    ...annotations(around, ["custom"], leftoverUnder("custom", custom, ["name", "description", "format"])),
  };
}

/** Here a grammar stands inside its format. */
function decodeGrammar(format: JsonObject | undefined): JsonObject | undefined {
  const { grammar, ...rest } = format ?? {};
  return format && { ...rest, ...asObject(grammar) };
}

/** Search is asked for beside the tools (rule 224). */
function decodeSearch(body: JsonObject): Tool[] {
  const settings = objectField(body, "web_search_options", "");
  if (!settings) return [];
  const native: Native = { protocol: PROTOCOL, fields: {} };
  return [{ type: "hosted", path: "web_search_options", kind: "web-search", name: "web_search", settings, native }];
}

const MODES = ["none", "auto", "required"] as const;

/**
 * `tool_choice`, else the legacy `function_call`.
 * @throws GatewayError `invalid-request`, naming the field; also for a tool that the request does not have.
 */
export function decodeToolChoice(body: JsonObject, tools: readonly Tool[]): ToolChoice | undefined {
  const choice = readToolChoice(body);
  const field = isPresent(body["tool_choice"]) ? "tool_choice" : "function_call";
  if (tools.length === 0 && choice && choice.mode !== "auto" && choice.mode !== "none")
    refuse(field, `Invalid value for '${field}': '${field}' is only allowed when 'tools' are specified.`);
  // A server's own tools have names of their own.
  if (tools.some((tool) => tool.type === "hosted")) return choice;
  const names = choice?.mode === "tool" ? [choice.name] : choice?.mode === "subset" ? choice.names : [];
  const offered = new Set(tools.map(({ name }) => name));
  const missing = names.find((name) => !offered.has(name));
  if (missing !== undefined) refuse(field, `Invalid value for '${field}': no tool in 'tools' is called '${missing}'.`, "invalid_value");
  return choice;
}

function isPresent(value: JsonValue | undefined): value is JsonValue {
  return value !== undefined && value !== null;
}

function readToolChoice(body: JsonObject): ToolChoice | undefined {
  const choice = body["tool_choice"];
  if (isPresent(choice)) return typeof choice === "string" ? decodeMode(choice) : decodeNamed(choice);
  const legacy = body["function_call"];
  if (!isPresent(legacy)) return undefined;
  if (legacy === "auto" || legacy === "none") return { mode: legacy };
  if (typeof legacy === "string") return refuseValue("function_call", legacy, ["none", "auto"]);
  return { mode: "tool", name: required(stringField, objectAt(legacy, "function_call"), "name", "function_call") };
}

function decodeMode(choice: string): ToolChoice {
  const mode = MODES.find((known) => known === choice);
  return mode ? { mode } : refuseValue("tool_choice", choice, MODES);
}

function decodeNamed(value: JsonValue): ToolChoice {
  const choice = asObject(value);
  if (!choice) return refuseType("tool_choice", "one of a string or an object", value);
  const type = required(stringField, choice, "type", "tool_choice");
  switch (type) {
    case "function":
    case "custom":
      return { mode: "tool", name: named(choice, type, "tool_choice") };
    case "allowed_tools": {
      const allowed = required(objectField, choice, "allowed_tools", "tool_choice");
      const at = "tool_choice.allowed_tools";
      const mode = required(stringField, allowed, "mode", at);
      if (mode !== "auto" && mode !== "required") refuseValue(`${at}.mode`, mode, ["auto", "required"]);
      const names = required(arrayField, allowed, "tools", at).map((tool, i) => allowedName(tool, `${at}.tools[${i}]`));
      if (names.length === 0)
        refuse(`${at}.tools`, `Invalid '${at}.tools': empty array. Expected an array with minimum length 1.`, "empty_array");
      return { mode: "subset", names, required: mode === "required" };
    }
    default:
      return refuseValue("tool_choice.type", type, ["allowed_tools", "function", "custom"]);
  }
}

function allowedName(value: JsonValue, path: string): string {
  const tool = objectAt(value, path);
  const type = required(stringField, tool, "type", path);
  return type === "function" || type === "custom" ? named(tool, type, path) : refuseValue(`${path}.type`, type, ["function", "custom"]);
}

function named(choice: JsonObject, type: string, path: string): string {
  const inner = objectField(choice, type, path);
  // Some clients write the name beside the type, as Responses does.
  return inner
    ? required(stringField, inner, "name", `${path}.${type}`)
    : (stringField(choice, "name", path) ?? refuseMissing(`${path}.${type}`));
}
