/** Tool names as this wire takes them: `[a-zA-Z0-9_-]{1,128}` (A.1.2). A pure function of the name (rule 72). */
import { createHash } from "node:crypto";
import type { ChatRequest } from "../../chat/chat.ts";
import { TOOL_NAME } from "./wire.ts";

/** A legal name stays; another gets its strange characters replaced and a mark, so that no two become one. */
export function encodeToolName(name: string): string {
  if (TOOL_NAME.test(name)) return name;
  const mark = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 119)}_${mark}`;
}

/** The way back: for every tool of the request whose name was changed, the name the caller knows. */
export function originalToolNames(request: ChatRequest | undefined): ReadonlyMap<string, string> {
  const changed = (request?.tools ?? []).filter((tool) => !TOOL_NAME.test(tool.name));
  return new Map(changed.map((tool) => [encodeToolName(tool.name), tool.name]));
}
