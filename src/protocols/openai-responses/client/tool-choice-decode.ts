/** The choice among tools (A.3.1, B.0.4). */
import type { Tool, ToolChoice } from "../../../chat/chat.ts";
import { asObject, asString, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { arrayField, objectAt, refuse, refuseType, refuseValue, required, stringField } from "../../shared/openai-fields.ts";
import { ownFields } from "../native.ts";
import { neutralName } from "../tool-names.ts";

const MODES = ["none", "auto", "required"] as const;
const FIELD = "tool_choice";

/** @throws GatewayError `invalid-request`, naming the field; also for a tool that the request does not have. */
export function decodeToolChoice(choice: JsonValue | undefined, tools: readonly Tool[]): ToolChoice | undefined {
  if (choice === undefined || choice === null) return undefined;
  const decoded = typeof choice === "string" ? decodeMode(choice) : decodeNamed(choice, tools);
  if (tools.length === 0 && decoded.mode !== "auto" && decoded.mode !== "none")
    refuse(FIELD, `Invalid value for '${FIELD}': '${FIELD}' is only allowed when 'tools' are specified.`);
  return decoded;
}

function decodeMode(choice: string): ToolChoice {
  const mode = MODES.find((known) => known === choice);
  return mode ? { mode } : refuseValue(FIELD, choice, MODES);
}

function decodeNamed(value: JsonValue, tools: readonly Tool[]): ToolChoice {
  const choice = asObject(value);
  if (!choice) return refuseType(FIELD, "one of a string or an object", value);
  if (required(stringField, choice, "type", FIELD) !== "allowed_tools") return { mode: "tool", name: nameOf(choice, FIELD, tools) };
  const mode = required(stringField, choice, "mode", FIELD);
  if (mode !== "auto" && mode !== "required") refuseValue(`${FIELD}.mode`, mode, ["auto", "required"]);
  const names = required(arrayField, choice, "tools", FIELD).map((tool, i) => {
    const at = `${FIELD}.tools[${i}]`;
    return nameOf(objectAt(tool, at), at, tools);
  });
  if (names.length === 0)
    refuse(`${FIELD}.tools`, `Invalid '${FIELD}.tools': empty array. Expected an array with minimum length 1.`, "empty_array");
  return { mode: "subset", names, required: mode === "required" };
}

/** The tool that is meant: by its name, by its server's, or by what it is. */
function nameOf(choice: JsonObject, path: string, tools: readonly Tool[]): string {
  const type = required(stringField, choice, "type", path);
  switch (type) {
    case "function":
    case "custom": {
      const namespace = stringField(choice, "namespace", path);
      const name = required(stringField, choice, "name", path);
      const neutral = neutralName({ name, ...(namespace !== undefined && { namespace }) }, tools);
      return found(
        tools.find((tool) => tool.type === type && tool.name === neutral),
        name,
        path,
      );
    }
    case "mcp": {
      const label = required(stringField, choice, "server_label", path);
      return found(
        tools.find((tool) => tool.type === "hosted" && tool.settings["server_label"] === label),
        label,
        path,
      );
    }
    default:
      return found(
        tools.find((tool) => isOfType(tool, type)),
        type,
        path,
      );
  }
}

/** Searches have several types, and any of them means the one that is offered. */
function isOfType(tool: Tool, type: string): boolean {
  const wire = asString(ownFields(tool.native)?.["type"]);
  return wire === type || (tool.type === "hosted" && tool.kind === "web-search" && type.startsWith("web_search"));
}

function found(tool: Tool | undefined, wanted: string, path: string): string {
  return tool?.name ?? refuse(path, `Tool choice '${wanted}' not found in 'tools' parameter.`, "invalid_value");
}
