/**
 * Deferred tools as Claude is told of them (A.1.3; rules 356, 368, 408): the wire loads a tool by a reference in a result or
 * by an addition in a system turn. One that the conversation loads in any other way is simply there.
 */
import type { ChatRequest, Tool } from "../../../chat/chat.ts";
import { asArray, asObject, asString, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { isDeferred, namedTools, offeredTools } from "../../shared/offered-tools.ts";
import type { Profile } from "../../profile.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { encodeToolName } from "./tool-names.ts";

/** Whether the model knows tools that are held back. */
export function knowsDeferred({ hostedToolTypes }: Profile): boolean {
  return hostedToolTypes?.["tool-search"] !== undefined;
}

/** The tools to declare, in the caller's order; those that are no longer held back last, in the order in which they were named. */
export function declaredTools(request: ChatRequest, messages: readonly JsonObject[], { profile }: EncodeTarget): readonly Tool[] {
  const { tools, system, items } = request;
  if (!tools.some(isDeferred)) return tools;
  if (!knowsDeferred(profile)) return offeredTools(request).map(offered);
  const loaded = loadedNames(messages);
  const waiting = new Map(
    tools.filter((tool) => isDeferred(tool) && !loaded.has(encodeToolName(tool.name))).map((tool) => [tool.name, tool]),
  );
  const named = new Set([...namedTools([...system, ...items])].flatMap((name) => waiting.get(name) ?? []));
  return [...tools.filter((tool) => !named.has(tool)), ...[...named].map(offered)];
}

function offered(tool: Tool): Tool {
  if (tool.type !== "function" && tool.type !== "custom") return tool;
  const { deferred: _deferred, ...rest } = tool;
  return rest;
}

/** Names on the wire of the tools that the messages load. */
function loadedNames(messages: readonly JsonObject[]): ReadonlySet<string> {
  return new Set(messages.flatMap(({ content }) => blocksOf(content)).flatMap((block) => namesIn(block)));
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
