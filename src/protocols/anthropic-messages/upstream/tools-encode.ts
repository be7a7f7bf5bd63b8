/** Tools as the wire takes them (A.1.3). Order is kept: tools are part of what Claude binds thinking to (rule 6). */
import type { Tool } from "../../../chat/chat.ts";
import { asObject, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { FREE_TEXT_SCHEMA, freeTextDescription } from "../../shared/call-input.ts";
import { declareClientTool } from "../../shared/client-tools.ts";
import { recordSetting } from "../../shared/hosted-settings.ts";
import { recordNamespace } from "../../shared/namespaces.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { objectSchema } from "../../shared/object-schema.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { encodeAnnotations, ownFields } from "../native.ts";
import { knowsDeferred } from "./deferred-tools.ts";
import { lowerStrictSchema } from "./schema-encode.ts";
import { encodeToolName } from "./tool-names.ts";
import { HOSTED_TOOLS, PROTOCOL } from "../wire.ts";

/** The tools, in the caller's order. Names may stand once: the caller's own tool keeps one that a hosted tool has here (A.1.7). */
export function encodeTools(tools: readonly Tool[], target: EncodeTarget): JsonObject[] {
  // Alone it is what the whole request is for (rule 226).
  const isAlone = tools.every(({ type }) => type === "hosted");
  const taken = new Set(tools.filter(({ type }) => type !== "hosted").map(({ name }) => encodeToolName(name)));
  const encoded = tools.map((tool) => {
    const given = tool.type === "hosted" && !ownFields(tool.native) ? HOSTED_TOOLS[tool.kind]?.name : undefined;
    if (given === undefined || !taken.has(given)) return encodeTool(tool, isAlone, target);
    target.losses.add("hosted-tool", tool.path, "semantic");
    return undefined;
  });
  return encoded.filter((tool) => tool !== undefined);
}

/** One tool, or `undefined` when the wire has no word for it. */
function encodeTool(tool: Tool, isAlone: boolean, target: EncodeTarget): JsonObject | undefined {
  const { losses } = target;
  const own = ownFields(tool.native);
  if (tool.type !== "hosted" && tool.type !== "client") recordNative(tool.native, tool.path, PROTOCOL, losses);
  recordNamespace(tool, losses);
  switch (tool.type) {
    case "function": {
      const lowered = objectSchema(tool.inputSchema);
      if (lowered.lost) losses.add("tool-schema-flattened", `${tool.path}.input_schema`, "semantic");
      const worded = (): void => losses.add("schema-keyword", `${tool.path}.input_schema`, "info");
      return {
        ...declare(tool, tool.description, tool.strict === true ? lowerStrictSchema(lowered.schema, worded) : lowered.schema),
        ...(tool.strict !== undefined && { strict: tool.strict }),
        ...deferral(tool),
      };
    }
    case "custom":
      // Free text has no declaration here: a function with one string, and the grammar in words (rules 66, 91).
      return { ...declare(tool, freeTextDescription(tool, losses), FREE_TEXT_SCHEMA), ...deferral(tool) };
    case "client":
      if (!own) return encodeForeignClientTool(tool, target);
      return { ...tool.settings, ...(tool.name !== tool.vendorType && { name: tool.name }), ...encodeAnnotations(tool) };
    case "hosted": {
      if (!own) return encodeHosted(tool, isAlone, target);
      return { ...tool.settings, ...(tool.name !== own["type"] && { name: tool.name }), ...encodeAnnotations(tool) };
    }
  }
}

function deferral({ deferred }: { readonly deferred?: boolean }): JsonObject {
  return deferred === undefined ? {} : { defer_loading: deferred };
}

function declare(tool: Tool, description: string | undefined, inputSchema: JsonObject): JsonObject {
  return {
    name: encodeToolName(tool.name),
    ...(description !== undefined && { description }),
    input_schema: inputSchema,
    ...encodeAnnotations(tool),
  };
}

/** A vendor's own tool that the client runs, spelled out where words do. */
function encodeForeignClientTool(tool: Extract<Tool, { type: "client" }>, { losses }: EncodeTarget): JsonObject | undefined {
  const declaration = declareClientTool(tool.vendorType, tool.settings);
  if (declaration) return declare(tool, declaration.description, declaration.inputSchema);
  losses.add("client-tool", tool.path, "contract");
  return undefined;
}

/** What another vendor's caller set, in the words of this wire: where a search looks, and for whom (rules 222, 224). */
function encodeHosted(
  tool: Extract<Tool, { type: "hosted" }>,
  isAlone: boolean,
  { profile, losses }: EncodeTarget,
): JsonObject | undefined {
  const known = HOSTED_TOOLS[tool.kind];
  if (!known) losses.add("hosted-tool", tool.path, isAlone ? "contract" : "semantic");
  // Where there is nothing to search among, every tool is offered from the start.
  if (!known || (tool.kind === "tool-search" && !knowsDeferred(profile))) return undefined;
  const settings: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(tool.settings)) {
    if (value === undefined || value === null) continue;
    const read = SETTINGS[key]?.(value);
    if (read) Object.assign(settings, read);
    else recordSetting(tool, key, losses);
  }
  return { ...known, type: profile.hostedToolTypes?.[tool.kind] ?? known.type, ...settings, ...encodeAnnotations(tool) };
}

/** Settings of other protocols with a word here; a reader gives nothing for a value it does not know. */
const SETTINGS: Readonly<Record<string, (value: JsonValue) => JsonObject | undefined>> = {
  user_location: (value) => {
    const { type: _type, approximate, ...flat } = asObject(value) ?? {};
    const { city, region, country, timezone } = asObject(approximate) ?? flat;
    const place = { city, region, country, timezone };
    const said = Object.entries(place).filter(([, part]) => typeof part === "string" && part !== "");
    return said.length > 0 ? { user_location: { type: "approximate", ...Object.fromEntries(said) } } : undefined;
  },
  filters: (value) => {
    const { allowed_domains: allowed, blocked_domains: blocked } = asObject(value) ?? {};
    const read = { ...domains("allowed_domains", allowed), ...domains("blocked_domains", blocked) };
    return Object.keys(read).length > 0 ? read : undefined;
  },
  allowed_domains: (value) => domains("allowed_domains", value),
  blocked_domains: (value) => domains("blocked_domains", value),
  excludeDomains: (value) => domains("blocked_domains", value),
  max_uses: (value) => (typeof value === "number" ? { max_uses: value } : undefined),
};

function domains(key: string, value: JsonValue | undefined): JsonObject | undefined {
  return Array.isArray(value) && value.length > 0 ? { [key]: value as readonly JsonValue[] } : undefined;
}
