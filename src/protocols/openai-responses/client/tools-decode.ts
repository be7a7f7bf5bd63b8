/** Tools as a client declares them (A.3.1), in the request and in the middle of a conversation (rules 68, 69, 408, 417). */
import type { HostedToolKind, Tool, ToolNamespace } from "../../../chat/chat.ts";
import type { JsonObject, JsonValue } from "../../../chat/json.ts";
import { decodeCacheMark } from "../../shared/openai-cache-marks.ts";
import {
  arrayField,
  booleanField,
  nameField,
  objectAt,
  objectField,
  refuseValue,
  required,
  stringField,
} from "../../shared/openai-fields.ts";
import { UniqueNames } from "../../shared/unique-names.ts";
import { isContainer } from "../hosted-items.ts";
import { leftover } from "../../shared/leftover.ts";
import { nativeOf } from "../native.ts";
import { joinedName, NameFinder, ownName, wireKey, type WireName } from "../tool-names.ts";
import { CLIENT_TOOL_TYPES, HOSTED_TOOL_TYPES } from "../wire.ts";

const NO_PARAMETERS: JsonObject = { type: "object", properties: {} };

/** Where a declaration stands. */
interface Place {
  readonly path: string;
  readonly namespace?: JsonObject;
  /** Whether an item of the conversation brought it. */
  readonly late: boolean;
}

/** Reads the tools of one request, those of `tools` first and then what items bring, in order: earlier names never change. */
export class ToolReader {
  readonly tools: Tool[] = [];
  readonly #names = new UniqueNames();
  readonly #finder = new NameFinder();
  /** Neutral names by type and wire name. */
  readonly #known = new Map<string, string>();
  /** Neutral names of OpenAI's own tools that the client runs, by what their calls are called. */
  readonly #typed = new Map<string, string>();

  /** A list of tools. @returns their neutral names. @throws GatewayError `invalid-request`, naming the field. */
  read(list: readonly JsonValue[], path: string, late: boolean): string[] {
    return list.flatMap((value, i) => {
      const at = `${path}[${i}]`;
      const tool = objectAt(value, at);
      if (required(stringField, tool, "type", at) !== "namespace") return this.#take(tool, { path: at, late });
      required(stringField, tool, "name", at);
      return required(arrayField, tool, "tools", at).flatMap((member, k) => {
        const place = { path: `${at}.tools[${k}]`, namespace: tool, late };
        return this.#take(objectAt(member, place.path), place);
      });
    });
  }

  /** The neutral name of the tool that a call names, among those that are known so far. */
  nameOf(wire: WireName): string {
    return this.#finder.find(wire);
  }

  /** What the request calls a typed tool; one that it does not declare is called by its type. */
  nameOfTyped(type: string): string {
    return this.#typed.get(type) ?? type;
  }

  /** A search may bring what is there already: the first declaration stays. */
  #take(declared: JsonObject, place: Place): string {
    const decoded = decodeTool(declared, place);
    const wire = ownName(decoded);
    const key = `${decoded.type}\n${wireKey(wire)}`;
    const known = this.#known.get(key);
    if (known !== undefined && place.late) return known;
    const tool = { ...decoded, name: this.#names.give(joinedName(wire.name, wire.namespace)) };
    this.tools.push(tool);
    this.#finder.add(tool);
    if (tool.type === "client") addIfNew(this.#typed, typeOfCalls(tool.vendorType), tool.name);
    addIfNew(this.#known, key, tool.name);
    return tool.name;
  }
}

function addIfNew(names: Map<string, string>, key: string, name: string): void {
  if (!names.has(key)) names.set(key, name);
}

/** Several versions of one tool are called alike. */
function typeOfCalls(vendorType: string): string {
  return vendorType.startsWith("computer") ? "computer" : vendorType;
}

/** A tool under the name that it has in its own namespace. */
function decodeTool(tool: JsonObject, place: Place): Tool {
  const { path } = place;
  const type = required(stringField, tool, "type", path);
  switch (type) {
    case "function":
      return decodeFunction(tool, place);
    case "custom":
      return decodeCustom(tool, place);
    default:
      return place.namespace ? refuseValue(`${path}.type`, type, ["function", "custom"]) : decodeTyped(tool, type, path);
  }
}

function decodeFunction(tool: JsonObject, place: Place): Tool {
  const { path } = place;
  const description = stringField(tool, "description", path);
  const strict = booleanField(tool, "strict", path);
  return {
    type: "function",
    ...named(tool, place),
    ...(description !== undefined && { description }),
    inputSchema: objectField(tool, "parameters", path) ?? NO_PARAMETERS,
    ...(strict !== undefined && { strict }),
    ...annotations(tool, ["name", "description", "parameters", "strict"], place),
  };
}

function decodeCustom(tool: JsonObject, place: Place): Tool {
  const { path } = place;
  const description = stringField(tool, "description", path);
  const format = objectField(tool, "format", path);
  return {
    type: "custom",
    ...named(tool, place),
    ...(description !== undefined && { description }),
    ...(format && { format }),
    ...annotations(tool, ["name", "description", "format"], place),
  };
}

function named(
  tool: JsonObject,
  { path, namespace, late }: Place,
): { path: string; name: string; namespace?: ToolNamespace; deferred?: boolean } {
  const name = nameField(tool, path);
  const deferred = late ? true : booleanField(tool, "defer_loading", path);
  const description = namespace && stringField(namespace, "description", path);
  return {
    path,
    name,
    ...(namespace && {
      namespace: { name: namespace["name"] as string, tool: name, ...(description !== undefined && { description }) },
    }),
    ...(deferred !== undefined && { deferred }),
  };
}

function annotations(tool: JsonObject, known: readonly string[], { namespace = {} }: Place): Pick<Tool, "cache" | "native"> {
  const cache = decodeCacheMark(tool);
  const around = leftover(namespace, ["type", "name", "description", "tools"]);
  return {
    ...(cache && { cache }),
    ...nativeOf({
      ...leftover(tool, ["type", "defer_loading", ...known]),
      ...(Object.keys(around).length > 0 && { namespace: around }),
    }),
  };
}

/** OpenAI's own tools. Some are run by whoever the request says. */
function decodeTyped(tool: JsonObject, type: string, path: string): Tool {
  const settings = leftover(tool, ["type"]);
  const native = nativeOf({ type });
  if (isRunByClient(type, tool)) return { type: "client", path, name: type, vendorType: type, settings, ...native };
  const kind = hostedKind(type);
  const label = stringField(tool, "server_label", path);
  const name = kind === "mcp" && label !== undefined ? label : kind === "web-search" ? "web_search" : type;
  return { type: "hosted", path, kind, name, settings, ...native };
}

function isRunByClient(type: string, tool: JsonObject): boolean {
  if (type === "tool_search") return tool["execution"] === "client";
  if (type === "shell") return !isContainer(tool["environment"]);
  return CLIENT_TOOL_TYPES.has(type);
}

function hostedKind(type: string): HostedToolKind {
  return HOSTED_TOOL_TYPES.find(([start]) => type.startsWith(start))?.[1] ?? "other";
}
