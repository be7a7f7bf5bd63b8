/**
 * Deferred tools as Claude is told of them (A.1.3; rules 356, 368, 408): the wire loads a tool by a reference in a result or
 * by an addition in a system turn. One that the conversation loads in any other way is simply there.
 */
import type { ChatRequest, Tool, ToolChangeContent } from "../../../chat/chat.ts";
import { asArray, asObject, asString, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { reminder, toolChangeText } from "../../shared/fixed-texts.ts";
import { isDeferred, namedTools, offeredTools } from "../../shared/offered-tools.ts";
import type { Profile } from "../../profile.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { encodeToolName } from "./tool-names.ts";

/** Whether the model knows tools that are held back. */
export function knowsDeferred({ hostedToolTypes }: Profile): boolean {
  return hostedToolTypes?.["tool-search"] !== undefined;
}

/**
 * The tools to declare: in the caller's order those that are simply there or held back, and last those that the conversation
 * brings or loads in ways the wire has no word for, in the order in which they were named.
 */
export function declaredTools(request: ChatRequest, messages: readonly JsonObject[], { profile }: EncodeTarget): readonly Tool[] {
  const { tools, system, items } = request;
  if (!tools.some(isDeferred)) return tools;
  if (!knowsDeferred(profile)) return offeredTools(request).map(offered);
  const loaded = loadedNames(request, messages);
  const isLoaded = (tool: Tool): boolean => loaded.has(encodeToolName(tool.name));
  const late = new Map(tools.filter((tool) => isDeferred(tool) && (isBrought(tool) || !isLoaded(tool))).map((tool) => [tool.name, tool]));
  const named = new Set([...namedTools([...system, ...items])].flatMap((name) => late.get(name) ?? []));
  return [...tools.filter((tool) => !named.has(tool)), ...[...named].map((tool) => (isLoaded(tool) ? tool : offered(tool)))];
}

/** Whether an item of the conversation declares the tool, not the request. */
function isBrought({ path }: Tool): boolean {
  return !path.startsWith("tools");
}

function offered(tool: Tool): Tool {
  if (tool.type !== "function" && tool.type !== "custom") return tool;
  const { deferred: _deferred, ...rest } = tool;
  return rest;
}

/** Names on the wire of the tools that the messages load. What first tells of a tool decides: a later word of it changes nothing. */
function loadedNames({ tools, system }: ChatRequest, messages: readonly JsonObject[]): ReadonlySet<string> {
  const named = new Set([...namedTools(system)].map(encodeToolName));
  const words = new Map(tools.filter(isDeferred).map(({ name }) => [wordedChange("add", encodeToolName(name)), encodeToolName(name)]));
  const loaded = new Set<string>();
  for (const block of messages.flatMap(({ content }) => blocksOf(content))) {
    for (const name of namesIn(block)) if (!named.has(name)) loaded.add(name);
    const told = block["type"] === "text" ? words.get(asString(block["text"]) ?? "") : undefined;
    if (told !== undefined && !loaded.has(told)) named.add(told);
  }
  return loaded;
}

/** What stands for a change of one tool where only words may. */
export function wordedChange(change: ToolChangeContent["change"], name: string): string {
  return reminder(toolChangeText({ type: "tool-change", change, tools: [name] }));
}

function namesIn(block: JsonObject): string[] {
  switch (block["type"]) {
    case "tool_addition":
      return [asString(asObject(block["tool"])?.["name"]) ?? ""];
    case "tool_reference":
      return [asString(block["tool_name"]) ?? ""];
    case "tool_result":
      return blocksOf(block["content"]).flatMap(namesIn);
    case "tool_search_tool_result":
      return blocksOf(asObject(block["content"])?.["tool_references"]).flatMap(namesIn);
    default:
      return [];
  }
}

function blocksOf(content: JsonValue | undefined): JsonObject[] {
  return (asArray(content) ?? []).map(asObject).filter((block) => block !== undefined);
}
