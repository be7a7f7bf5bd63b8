/** Tools that come into a conversation when it names them (rules 356, 408, 409): an item brings them at that very spot. */
import type { ChatRequest, Content, Tool } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { isDeferred, namedTools, offeredTools } from "../../shared/offered-tools.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { dialectOf } from "./default-dialect.ts";
import { encodeToolList } from "./tool-list-encode.ts";

/** The tools to declare from the start, and those that items bring. */
export interface OfferedTools {
  readonly declared: readonly Tool[];
  readonly late: readonly Tool[];
}

/**
 * A server that searches is told of every tool, and what it has to search for. Others are told of deferred ones when the
 * conversation names them.
 */
export function splitTools(request: ChatRequest, target: EncodeTarget): OfferedTools {
  const { tools } = request;
  const dialect = dialectOf(target);
  const searched = isSearched(tools, target);
  const late = tools.filter((tool) => isDeferred(tool) && (isBrought(tool) || !searched));
  if (late.length === 0) return { declared: tools, late };
  // What a search of the provider's would have found is offered from the start.
  const unsearched = !dialect.toolSearch && tools.some((tool) => tool.type === "hosted" && tool.kind === "tool-search");
  if (!dialect.additionalTools || unsearched) return { declared: offeredTools(request), late: [] };
  const named = new Set(late);
  return { declared: tools.filter((tool) => !named.has(tool)), late };
}

/** Whether an item of the conversation has it, so that it is declared there. */
function isBrought({ path }: Tool): boolean {
  return path.startsWith("input[");
}

/** Whether someone searches among the deferred tools: the server, or a client of this very protocol. */
export function isSearched(tools: readonly Tool[], target: EncodeTarget): boolean {
  return tools.some(
    (tool) =>
      (tool.type === "hosted" && tool.kind === "tool-search" && dialectOf(target).toolSearch) ||
      (tool.type === "client" && tool.vendorType === "tool_search"),
  );
}

/** Follows a conversation and says when its tools come. */
export class LateTools {
  readonly #waiting: Map<string, Tool>;
  readonly #request: ChatRequest;
  readonly #target: EncodeTarget;

  constructor(request: ChatRequest, target: EncodeTarget) {
    this.#request = request;
    this.#target = target;
    this.#waiting = new Map(splitTools(request, target).late.map((tool) => [tool.name, tool]));
  }

  /** The item for what this content names; `undefined` when there is nothing new. */
  load(content: readonly Content[]): JsonObject | undefined {
    if (this.#waiting.size === 0) return undefined;
    const loaded: Tool[] = [];
    for (const name of namedTools(content)) {
      const tool = this.#waiting.get(name);
      if (tool && this.#waiting.delete(name)) loaded.push(tool);
    }
    if (loaded.length === 0) return undefined;
    return { type: "additional_tools", role: "developer", tools: encodeToolList(loaded, this.#request.tools, false, this.#target) };
  }

  /** Notes what an item of the caller's own brings. */
  brought(content: readonly Content[]): void {
    for (const name of namedTools(content)) this.#waiting.delete(name);
  }
}
