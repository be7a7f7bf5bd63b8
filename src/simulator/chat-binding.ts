/**
 * What compatible servers bind the reasoning to that they sign in `reasoning_details`: tools and every message before it. In
 * a message reasoning comes first, then text, then calls, because Chat has no order of its own between the three.
 */
import type { BoundConversation, FoundState, PieceSink } from "./binding-conversation.ts";
import { fieldsOf, listOf, optionalText, textOf, type Fields } from "./json-values.ts";
import { wrong } from "./openai-refusals.ts";

/** The role of the one who answers. */
export const ANSWERER = "assistant";

/** The members of a message's part that are content, but for its text. */
const CONTENT = ["image_url", "input_audio", "file", "refusal"];

/** Reads the whole prompt into the conversation and checks the reasoning in it. */
export function readState(body: Fields, messages: readonly Fields[], conversation: BoundConversation): void {
  for (const tool of [...listOf(body["tools"]), ...listOf(body["functions"])]) conversation.piece("tools", tool);
  for (const [index, message] of messages.entries()) {
    const role = textOf(message["role"]);
    for (const [position, detail] of listOf(message["reasoning_details"]).map(fieldsOf).entries()) {
      conversation.path = `messages[${index}].reasoning_details[${position}]`;
      const state = stateIn(detail);
      if (state !== undefined) takeState(state, conversation);
    }
    conversation.path = `messages[${index}]`;
    if (message["tool_call_id"] !== undefined) conversation.piece(role, { answers: message["tool_call_id"] });
    addContent(conversation, role, message["content"]);
    for (const call of listOf(message["tool_calls"]).map(fieldsOf)) addCall(conversation, textOf(call["id"]), call);
    if (message["function_call"] !== undefined) addCall(conversation, "", { function: message["function_call"] });
  }
}

/** Adds a call of the answerer's; its input counts to the letter. */
export function addCall(sink: PieceSink, id: string, call: Fields): void {
  const { name, arguments: json, input } = fieldsOf(call["custom"] ?? call["function"]);
  sink.piece(ANSWERER, { call: id, name, input: input ?? json });
}

function addContent(sink: PieceSink, role: string, content: unknown): void {
  if (typeof content === "string") return sink.text(role, content);
  for (const part of listOf(content).map(fieldsOf)) {
    if (part["type"] === "text") sink.text(role, textOf(part["text"]));
    else for (const member of CONTENT) if (part[member] !== undefined) sink.piece(role, { [member]: part[member] });
  }
}

function stateIn(detail: Fields): FoundState | undefined {
  const redacted = detail["type"] === "reasoning.encrypted";
  const value = optionalText(redacted ? detail["data"] : detail["signature"]);
  if (value === undefined) return undefined;
  return { kind: redacted ? "redacted" : "thinking", signed: redacted ? "" : textOf(detail["text"]), value };
}

function takeState(state: FoundState, conversation: BoundConversation): void {
  const flaw = conversation.state(ANSWERER, state);
  if (flaw === undefined) return;
  conversation.refuse(flaw);
  throw wrong(`Invalid signature in '${conversation.path}'.`, conversation.path, "invalid_value");
}
