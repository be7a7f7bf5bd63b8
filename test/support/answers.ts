/** Neutral answers, and the content that most of them are made of. */
import type { ChatResponse, Content, Finish, ToolCallContent, Usage } from "../../src/chat/chat.ts";
import type { OpaqueState } from "../../src/chat/state.ts";

/** A finished answer. */
export function answer(items: readonly Content[], finish: Finish = { reason: "stop" }, usage?: Usage): ChatResponse {
  return { items, finish, ...(usage && { usage }) };
}

export function text(words: string, state?: OpaqueState): Content {
  return { type: "text", text: words, ...(state && { state }) };
}

export function thought(words: string, state?: OpaqueState): Content {
  return { type: "reasoning", text: words, ...(state && { state }) };
}

/** A call of the function `f`, or of the free-text tool `patch`. */
export function call(id: string, input: string, state?: OpaqueState, kind: ToolCallContent["kind"] = "function"): Content {
  return { type: "tool-call", kind, id, name: kind === "custom" ? "patch" : "f", input, ...(state && { state }) };
}
