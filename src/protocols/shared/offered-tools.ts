/** Tools that are held back until the conversation names them (dossier rules 356, 408, 409, 417). */
import type { ChatRequest, Content, Tool } from "../../chat/chat.ts";

/**
 * The tools to declare where a target knows no deferred ones: every tool but those that nothing has named yet, and the
 * named ones last, in the order in which they were first named, so that a tool that is loaded moves no other.
 */
export function offeredTools({ tools, system, items }: ChatRequest): readonly Tool[] {
  const searchedByProvider = tools.some((tool) => tool.type === "hosted" && tool.kind === "tool-search");
  if (searchedByProvider) return tools;
  const deferred = new Map(tools.filter(isDeferred).map((tool) => [tool.name, tool]));
  if (deferred.size === 0) return tools;
  const loaded = new Set<Tool>();
  for (const name of namedTools([...system, ...items])) {
    const tool = deferred.get(name);
    if (tool) loaded.add(tool);
  }
  return [...tools.filter((tool) => !isDeferred(tool)), ...loaded];
}

/** Whether a tool is not offered before something names it. */
export function isDeferred(tool: Tool): boolean {
  return (tool.type === "function" || tool.type === "custom") && tool.deferred === true;
}

/** Names of tools that the conversation loads, as they come. */
export function* namedTools(content: readonly Content[]): Generator<string> {
  for (const item of content) {
    if (item.type === "tool-reference") yield item.name;
    else if (item.type === "tool-change" && item.change === "add") yield* item.tools;
    else if (item.type === "tool-result") yield* namedTools(item.content);
    // What a provider found; every line of it is a tool's name.
    else if (item.type === "hosted-tool-result" && item.kind === "tool-search") yield* item.text.split("\n");
  }
}

/** Instructions in front of a conversation without what only says which tools there are from its beginning on: they are offered. */
export function withoutToolChanges<T extends Content>(system: readonly T[]): readonly T[] {
  return system.filter(({ type }) => type !== "tool-change");
}
