/** Tools that a client holds back until the conversation names them (dossier rules 356, 408, 409). */
import type { ChatRequest, Content, Tool } from "../../chat/chat.ts";

/**
 * The tools to declare where a target knows no deferred ones: every tool but those that nothing has named yet, and the
 * named ones last, in the order in which they were first named, so that a tool that is loaded moves no other.
 */
export function offeredTools({ tools, items }: ChatRequest): readonly Tool[] {
  const searchedByProvider = tools.some((tool) => tool.type === "hosted" && tool.kind === "tool-search");
  if (searchedByProvider) return tools;
  const deferred = new Map<string, Tool>();
  for (const tool of tools) if (tool.type === "function" && tool.deferred === true) deferred.set(tool.name, tool);
  if (deferred.size === 0) return tools;
  const loaded = new Set<Tool>();
  for (const name of namedTools(items)) {
    const tool = deferred.get(name);
    if (tool) loaded.add(tool);
  }
  return [...tools.filter((tool) => !(tool.type === "function" && tool.deferred === true)), ...loaded];
}

/** Names of tools that the conversation loads, as they come. */
function* namedTools(content: readonly Content[]): Generator<string> {
  for (const item of content) {
    if (item.type === "tool-reference") yield item.name;
    else if (item.type === "tool-change" && item.change === "add") yield* item.tools;
    else if (item.type === "tool-result") yield* namedTools(item.content);
  }
}
