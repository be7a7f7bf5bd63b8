/** Tools and the choice among them as the client declared them, for answers that repeat them (rule 267). */
import type { Tool, ToolChoice } from "../../../chat/chat.ts";
import { asObject, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { toolNamed } from "../../shared/tool-lookup.ts";
import { ownFields } from "../native.ts";
import { wireName } from "../tool-names.ts";

/** The tools, those of one namespace that follow each other in one again. */
export function encodeTools(tools: readonly Tool[]): JsonObject[] {
  const encoded: JsonObject[] = [];
  let group: { readonly name: string; readonly members: JsonObject[] } | undefined;
  for (const tool of tools) {
    const namespace = "namespace" in tool ? tool.namespace : undefined;
    if (!namespace) {
      group = undefined;
      encoded.push(encodeTool(tool));
      continue;
    }
    if (group?.name !== namespace.name) {
      group = { name: namespace.name, members: [] };
      const around = asObject(ownFields(tool.native)?.["namespace"]);
      encoded.push({ type: "namespace", name: namespace.name, description: namespace.description ?? "", tools: group.members, ...around });
    }
    group.members.push(encodeTool(tool));
  }
  return encoded;
}

function encodeTool(tool: Tool): JsonObject {
  const { namespace: _around, ...own } = ownFields(tool.native) ?? {};
  switch (tool.type) {
    case "hosted":
    case "client":
      return { ...own, ...tool.settings };
    case "function":
    case "custom": {
      const { description, deferred, namespace } = tool;
      const head = { type: tool.type, name: namespace?.tool ?? tool.name, ...(description !== undefined && { description }) };
      const body =
        tool.type === "function"
          ? { parameters: tool.inputSchema, strict: tool.strict ?? true }
          : { ...(tool.format && { format: tool.format }) };
      return { ...head, ...body, ...(deferred !== undefined && { defer_loading: deferred }), ...own };
    }
  }
}

/** The choice; nobody's is `auto`. */
export function encodeToolChoice(choice: ToolChoice | undefined, tools: readonly Tool[]): JsonValue {
  if (!choice) return "auto";
  switch (choice.mode) {
    case "tool":
      return reference(choice.name, tools);
    case "subset":
      return {
        type: "allowed_tools",
        mode: choice.required ? "required" : "auto",
        tools: choice.names.map((name) => reference(name, tools)),
      };
    default:
      return choice.mode;
  }
}

function reference(name: string, tools: readonly Tool[]): JsonObject {
  const tool = toolNamed(tools, name);
  switch (tool?.type) {
    case "custom":
      return { type: "custom", ...wireName(name, tools) };
    case "hosted":
    case "client": {
      const label = tool.settings["server_label"];
      return { type: ownFields(tool.native)?.["type"] ?? name, ...(label !== undefined && { server_label: label }) };
    }
    default:
      return { type: "function", ...wireName(name, tools) };
  }
}
