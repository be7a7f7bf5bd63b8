/** Tools and tool choice as the wire takes them (A.1.3, B.0.4). Order is kept: tools are part of what Claude binds thinking to (rule 6). */
import type { ChatRequest, Tool, ToolChoice } from "../../chat/chat.ts";
import { writeJson, type JsonObject } from "../../chat/json.ts";
import { recordNative } from "../native-losses.ts";
import type { EncodeTarget } from "../protocol.ts";
import { encodeAnnotations, ownFields } from "./native.ts";
import { lowerStrictSchema, lowerToolSchema } from "./schema-encode.ts";
import { encodeToolName } from "./tool-names.ts";
import { HOSTED_TOOL_VERSIONS, PROTOCOL } from "./wire.ts";

/** One tool, or `undefined` when the wire has no word for it. */
export function encodeTool(tool: Tool, target: EncodeTarget): JsonObject | undefined {
  const { losses } = target;
  const own = ownFields(tool.native);
  if (tool.type !== "hosted" && tool.type !== "client") recordNative(tool.native, tool.path, PROTOCOL, losses);
  switch (tool.type) {
    case "function": {
      const lowered = lowerToolSchema(tool.inputSchema);
      if (lowered.lost) losses.add("tool-schema-flattened", `${tool.path}.input_schema`, "semantic");
      return {
        name: encodeToolName(tool.name),
        ...(tool.description !== undefined && { description: tool.description }),
        input_schema: tool.strict === true ? lowerStrictSchema(lowered.schema) : lowered.schema,
        ...(tool.strict !== undefined && { strict: tool.strict }),
        ...(tool.deferred !== undefined && { defer_loading: tool.deferred }),
        ...encodeAnnotations(tool),
      };
    }
    case "custom":
      return encodeFreeText(tool, target);
    case "client":
      if (!own) losses.add("client-tool", tool.path, "contract");
      return own && { ...tool.settings, ...(tool.name !== tool.vendorType && { name: tool.name }), ...encodeAnnotations(tool) };
    case "hosted": {
      if (own) return { ...tool.settings, ...(tool.name !== own["type"] && { name: tool.name }), ...encodeAnnotations(tool) };
      const known = HOSTED_TOOL_VERSIONS[tool.kind];
      if (!known) losses.add("hosted-tool", tool.path, "semantic");
      else if (Object.keys(tool.settings).length > 0) losses.add("hosted-tool-setting", tool.path, "semantic");
      return known && { ...known, ...encodeAnnotations(tool) };
    }
  }
}

/** Free text has no declaration here: a function with one string, and the grammar in words (rules 66, 91). */
function encodeFreeText(tool: Extract<Tool, { type: "custom" }>, target: EncodeTarget): JsonObject {
  if (tool.format) target.losses.add("custom-tool-grammar", `${tool.path}.format`, "semantic");
  const grammar = tool.format ? `The input obeys: ${writeJson(tool.format)}` : undefined;
  const description = [tool.description, grammar].filter((part) => part !== undefined).join("\n\n");
  return {
    name: encodeToolName(tool.name),
    ...(description !== "" && { description }),
    input_schema: { type: "object", properties: { input: { type: "string" } }, required: ["input"], additionalProperties: false },
    ...encodeAnnotations(tool),
  };
}

/** `tool_choice`, with the wish for one call at a time, which the wire knows only there (rules 81–83). */
export function encodeToolChoice(request: ChatRequest, target: EncodeTarget): JsonObject | undefined {
  const serial = request.parallelToolCalls === false;
  const choice = request.toolChoice ?? (serial && request.tools.length > 0 ? ({ mode: "auto" } as const) : undefined);
  if (!choice) return undefined;
  const own = ownFields(request.native)?.["tool_choice"] as JsonObject | undefined;
  const encoded = encodeMode(choice, target);
  return { ...encoded, ...own, ...(serial && encoded["type"] !== "none" && { disable_parallel_tool_use: true }) };
}

function encodeMode(choice: ToolChoice, { losses }: EncodeTarget): JsonObject {
  switch (choice.mode) {
    case "auto":
    case "none":
      return { type: choice.mode };
    case "required":
      return { type: "any" };
    case "tool":
      return { type: "tool", name: encodeToolName(choice.name) };
    case "subset": {
      const [only, ...others] = choice.names;
      if (choice.required && only !== undefined && others.length === 0) return { type: "tool", name: encodeToolName(only) };
      // Leaving tools out would change the prefix that thinking is bound to.
      losses.add("tool-choice", "tool_choice", "semantic");
      return { type: choice.required ? "any" : "auto" };
    }
  }
}
