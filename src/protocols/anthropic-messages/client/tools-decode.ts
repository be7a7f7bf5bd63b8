/** Tools and tool choice as a client declares them (A.1.3, B.0.4). */
import type { Tool, ToolChoice } from "../../../chat/chat.ts";
import type { JsonObject, JsonValue } from "../../../chat/json.ts";
import { booleanField, objectAt, objectField, refuse, required, stringField } from "../fields.ts";
import { annotations } from "../native.ts";
import { CLIENT_TOOL_TYPES, HOSTED_TOOL_TYPES } from "../wire.ts";

/** @throws GatewayError `invalid-request`, naming the field. */
export function decodeTool(value: JsonValue, path: string): Tool {
  const tool = objectAt(value, path);
  const type = stringField(tool, "type", path);
  return type === undefined || type === "custom" ? decodeFunction(tool, path) : decodeTyped(tool, type, path);
}

function decodeFunction(tool: JsonObject, path: string): Tool {
  const description = stringField(tool, "description", path);
  const strict = booleanField(tool, "strict", path);
  const deferred = booleanField(tool, "defer_loading", path);
  return {
    type: "function",
    path,
    name: required(stringField, tool, "name", path),
    ...(description !== undefined && { description }),
    inputSchema: required(objectField, tool, "input_schema", path),
    ...(strict !== undefined && { strict }),
    ...(deferred !== undefined && { deferred }),
    ...annotations(
      tool,
      ["name", "description", "input_schema", "strict", "defer_loading"],
      tool["type"] === "custom" ? { type: "custom" } : undefined,
    ),
  };
}

/** The dated type stays native, and so says whose words the settings are. */
function decodeTyped(tool: JsonObject, type: string, path: string): Tool {
  const { type: _type, name: _name, cache_control: _cache, ...settings } = tool;
  const notes = annotations(tool, Object.keys(settings).concat("name"), { type });
  const name = stringField(tool, "name", path);
  if (CLIENT_TOOL_TYPES.some((start) => type.startsWith(start))) {
    return { type: "client", path, name: name ?? type, vendorType: type, settings, ...notes };
  }
  const kind = HOSTED_TOOL_TYPES.find(([start]) => type.startsWith(start))?.[1] ?? "other";
  return { type: "hosted", path, kind, name: name ?? type, settings, ...notes };
}

/** What a `tool_choice` says; `native` keeps a "yes, in parallel" that was said aloud. */
export interface DecodedToolChoice {
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly native?: JsonObject;
}

/** @throws GatewayError `invalid-request`, naming the field. */
export function decodeToolChoice(body: JsonObject): DecodedToolChoice {
  const choice = objectField(body, "tool_choice", "");
  if (!choice) return {};
  const serial = booleanField(choice, "disable_parallel_tool_use", "tool_choice");
  return {
    toolChoice: decodeMode(choice),
    ...(serial !== undefined && { parallelToolCalls: !serial }),
    ...(serial === false && { native: { tool_choice: { disable_parallel_tool_use: false } } }),
  };
}

function decodeMode(choice: JsonObject): ToolChoice {
  switch (required(stringField, choice, "type", "tool_choice")) {
    case "auto":
      return { mode: "auto" };
    case "any":
      return { mode: "required" };
    case "none":
      return { mode: "none" };
    case "tool":
      return { mode: "tool", name: required(stringField, choice, "name", "tool_choice") };
    default:
      return refuse("tool_choice.type", "Input should be 'auto', 'any', 'tool' or 'none'");
  }
}
