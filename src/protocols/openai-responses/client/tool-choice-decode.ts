/** The choice among tools (A.3.1, B.0.4). */
import type { Tool, ToolChoice } from "../../../chat/chat.ts";
import { asObject, asString, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { arrayField, objectAt, refuse, refuseType, refuseValue, required, stringField } from "../../shared/openai-fields.ts";
import { toolNamed } from "../../shared/tool-lookup.ts";
import { ownFields } from "../native.ts";
import { finderOf, type NameFinder } from "../tool-names.ts";

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
  const offered = new OfferedTools(tools);
  if (required(stringField, choice, "type", FIELD) !== "allowed_tools") return { mode: "tool", name: offered.nameOf(choice, FIELD) };
  const mode = required(stringField, choice, "mode", FIELD);
  if (mode !== "auto" && mode !== "required") refuseValue(`${FIELD}.mode`, mode, ["auto", "required"]);
  const names = required(arrayField, choice, "tools", FIELD).map((tool, i) => {
    const at = `${FIELD}.tools[${i}]`;
    return offered.nameOf(objectAt(tool, at), at);
  });
  if (names.length === 0)
    refuse(`${FIELD}.tools`, `Invalid '${FIELD}.tools': empty array. Expected an array with minimum length 1.`, "empty_array");
  return { mode: "subset", names, required: mode === "required" };
}

/** Finds the tools that a choice means: by their names, by their server's, or by what they are. */
class OfferedTools {
  readonly #tools: readonly Tool[];
  readonly #finder: NameFinder;
  /** Neutral names by type and by the label of a server. */
  readonly #byType = new Map<string, string>();
  readonly #byLabel = new Map<string, string>();

  constructor(tools: readonly Tool[]) {
    this.#tools = tools;
    this.#finder = finderOf(tools);
    for (const tool of tools.toReversed()) {
      const type = typeOf(tool);
      if (type !== undefined) this.#byType.set(type, tool.name);
      const label = tool.type === "hosted" ? asString(tool.settings["server_label"]) : undefined;
      if (label !== undefined) this.#byLabel.set(label, tool.name);
    }
  }

  /** @throws GatewayError `invalid-request` when there is none. */
  nameOf(choice: JsonObject, path: string): string {
    const type = required(stringField, choice, "type", path);
    switch (type) {
      case "function":
      case "custom":
        return this.#named(choice, type, path);
      case "mcp": {
        const label = required(stringField, choice, "server_label", path);
        return this.#byLabel.get(label) ?? refuseUnknown(label, path);
      }
      default:
        return this.#byType.get(type.startsWith(SEARCH) ? SEARCH : type) ?? refuseUnknown(type, path);
    }
  }

  #named(choice: JsonObject, type: Tool["type"], path: string): string {
    const namespace = stringField(choice, "namespace", path);
    const name = required(stringField, choice, "name", path);
    const tool = toolNamed(this.#tools, this.#finder.find({ name, ...(namespace !== undefined && { namespace }) }));
    return tool?.type === type ? tool.name : refuseUnknown(name, path);
  }
}

/** Searches have several types, and any of them means the one that is offered. */
const SEARCH = "web_search";

function typeOf(tool: Tool): string | undefined {
  return tool.type === "hosted" && tool.kind === "web-search" ? SEARCH : asString(ownFields(tool.native)?.["type"]);
}

function refuseUnknown(wanted: string, path: string): never {
  return refuse(path, `Tool choice '${wanted}' not found in 'tools' parameter.`, "invalid_value");
}
