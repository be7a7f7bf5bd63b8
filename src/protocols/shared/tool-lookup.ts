/** Finding tools by their names: requests may have thousands of tools and of calls, so that a list is looked through once. */
import type { ChatRequest, Tool } from "../../chat/chat.ts";

const BY_NAME = new WeakMap<readonly Tool[], ReadonlyMap<string, Tool>>();

/** The tool of this name; of several the first. @param tools a list that nobody adds to any more. */
export function toolNamed(tools: readonly Tool[], name: string): Tool | undefined {
  let byName = BY_NAME.get(tools);
  if (!byName) {
    byName = new Map(tools.toReversed().map((tool) => [tool.name, tool]));
    BY_NAME.set(tools, byName);
  }
  return byName.get(name);
}

/** Whether what calls of the tool of this name pass is free text. */
export function takesFreeText(request: ChatRequest | undefined, name: string): boolean {
  return request !== undefined && toolNamed(request.tools, name)?.type === "custom";
}
