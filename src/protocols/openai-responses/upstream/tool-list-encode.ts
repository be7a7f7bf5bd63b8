/** Declarations of tools (A.3.1, B.2): flat, in the caller's order (rule 6), those of one group together. */
import type { Tool } from "../../../chat/chat.ts";
import type { JsonObject, JsonValue } from "../../../chat/json.ts";
import { FREE_TEXT_SCHEMA, freeTextDescription } from "../../shared/call-input.ts";
import { declareClientTool } from "../../shared/client-tools.ts";
import { recordNamespace } from "../../shared/namespaces.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { isStrict, lowerToolSchema } from "../../shared/openai-schemas.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { ownFields } from "../native.ts";
import { PROTOCOL } from "../wire.ts";
import { dialectOf } from "./default-dialect.ts";
import { encodeHostedTool } from "./hosted-tools-encode.ts";
import { encodeToolName } from "./tool-names-encode.ts";

/**
 * The declarations of some tools of a request.
 * @param all of the request's, because names depend on each other.
 * @param defers whether the server is to hold deferred ones back until it has found them.
 */
export function encodeToolList(tools: readonly Tool[], all: readonly Tool[], defers: boolean, target: EncodeTarget): JsonObject[] {
  const list: JsonObject[] = [];
  const groups = new Map<string, JsonObject[]>();
  for (const tool of tools) {
    const declared = encodeTool(tool, all, defers, target);
    const group = groupOf(tool, target);
    const name = group && encodeToolName(tool.name, all, dialectOf(target)).namespace;
    const members = name === undefined ? undefined : groups.get(name);
    if (!group || name === undefined || !declared) list.push(...(declared ? [declared] : []));
    else if (members) members.push(declared);
    else {
      const opened = [declared];
      groups.set(name, opened);
      const { namespace: around } = ownFields(tool.native) ?? {};
      list.push({ type: "namespace", name, description: group.description ?? "", tools: opened, ...(around as JsonObject | undefined) });
    }
  }
  return list;
}

function groupOf(tool: Tool, target: EncodeTarget): Extract<Tool, { type: "function" }>["namespace"] {
  const grouped = (tool.type === "function" || tool.type === "custom") && dialectOf(target).namespaces;
  return grouped ? tool.namespace : undefined;
}

function encodeTool(tool: Tool, all: readonly Tool[], defers: boolean, target: EncodeTarget): JsonObject | undefined {
  if (tool.type === "hosted") return encodeHostedTool(tool, all, target);
  recordNative(tool.native, tool.path, PROTOCOL, target.losses);
  if (!groupOf(tool, target)) recordNamespace(tool, target.losses);
  const own = ownFields(tool.native);
  if (tool.cache && !own) target.losses.add("cache-mark", tool.path, "info");
  const { namespace: _around, ...rest } = own ?? {};
  const { name } = encodeToolName(tool.name, all, dialectOf(target));
  switch (tool.type) {
    case "function":
      return {
        type: "function",
        name,
        ...describe(tool.description),
        ...encodeParameters(tool, target),
        ...deferral(tool, defers),
        ...rest,
      };
    case "custom": {
      const { description, format } = tool;
      if (dialectOf(target).customTools) {
        return { type: "custom", name, ...describe(description), ...(format && { format }), ...deferral(tool, defers), ...rest };
      }
      return asFunction(name, freeTextDescription(tool, target.losses), FREE_TEXT_SCHEMA);
    }
    case "client": {
      if (typeof rest["type"] === "string") return { ...rest, ...tool.settings };
      const declaration = declareClientTool(tool.vendorType);
      if (declaration) return asFunction(name, declaration.description, declaration.inputSchema);
      target.losses.add("client-tool", tool.path, "contract");
      return undefined;
    }
  }
}

function describe(description: string | undefined): JsonObject {
  return description === undefined ? {} : { description };
}

/** Said aloud, because what says nothing is strict here (rule 118). */
function asFunction(name: string, description: string | undefined, parameters: JsonObject): JsonObject {
  return { type: "function", name, ...describe(description), parameters, strict: false };
}

function encodeParameters(tool: Extract<Tool, { type: "function" }>, { losses }: EncodeTarget): JsonObject {
  const { schema, lost } = lowerToolSchema(tool.inputSchema);
  if (lost) losses.add("tool-schema-flattened", `${tool.path}.input_schema`, "semantic");
  const strict = tool.strict === true && isStrict(schema);
  if (tool.strict === true && !strict) losses.add("strict-tool", `${tool.path}.strict`, "semantic");
  return { parameters: schema, strict };
}

function deferral({ deferred }: { readonly deferred?: boolean }, defers: boolean): Readonly<Record<string, JsonValue>> {
  return deferred === true && defers ? { defer_loading: true } : {};
}
