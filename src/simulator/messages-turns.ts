/** Anthropic's rules for the messages of a request (dossier A.1.2). Each throws the vendor's 400. */
import { fieldsOf, isFields, listOf, textOf, type Fields } from "./json-values.ts";
import { claudeVersion } from "./messages-fields.ts";
import { invalid } from "./vendor-error.ts";

/** A message with its content as blocks. */
export interface Message {
  readonly role: "user" | "assistant" | "system";
  readonly blocks: readonly Fields[];
  readonly index: number;
  /** What else it says: settings of the turn. */
  readonly rest: Fields;
}

const ASSISTANT_ONLY = new Set(["thinking", "redacted_thinking", "tool_use", "server_tool_use", "mcp_tool_use", "compaction", "fallback"]);
const USER_ONLY = new Set(["image", "tool_result", "search_result", "container_upload"]);
const SYSTEM_ONLY = new Set(["tool_addition", "tool_removal"]);
const ANY_ROLE = new Set(["text", "document", "mcp_tool_listing"]);
const HOSTED_RESULT =
  /^(?:web_search|web_fetch|code_execution|bash_code_execution|text_editor_code_execution|tool_search|advisor|mcp)_tool_result$/;
const RESULT_CONTENT = new Set(["text", "image", "document", "search_result", "tool_reference", "browser_state"]);

const IMAGE_TYPES = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const CALL_ID = /^[a-zA-Z0-9_-]+$/;

/** The checked messages of a request body. */
export function readMessages(body: Fields, model: string): readonly Message[] {
  if (body["messages"] === undefined) throw invalid("messages: Field required");
  if (!Array.isArray(body["messages"])) throw invalid("messages: Input should be a valid list");
  if (body["messages"].length === 0) throw invalid("messages: at least one message is required");
  const messages = body["messages"].map(readMessage);
  checkRoles(messages, model);
  checkCalls(groupsOf(messages));
  checkPrefill(messages.at(-1), model);
  return messages;
}

function readMessage(value: unknown, index: number): Message {
  const path = `messages.${index}`;
  const { role, content, ...rest } = fieldsOf(value);
  if (role !== "user" && role !== "assistant" && role !== "system") {
    throw invalid(role === undefined ? `${path}.role: Field required` : `${path}.role: Input should be 'user', 'assistant' or 'system'`);
  }
  if (content === undefined) throw invalid(`${path}.content: Field required`);
  if (typeof content !== "string" && !Array.isArray(content)) throw invalid(`${path}.content: Input should be a valid list`);
  if (content.length === 0) throw invalid(`${path}: ${role} messages must have non-empty content`);
  const blocks = typeof content === "string" ? [{ type: "text", text: content }] : content.map(fieldsOf);
  for (const [position, block] of blocks.entries()) checkBlock(block, role, `${path}.content.${position}`);
  return { role, blocks, index, rest };
}

function checkBlock(block: Fields, role: Message["role"], path: string): void {
  const type = textOf(block["type"]);
  const owner = ASSISTANT_ONLY.has(type) ? "assistant" : USER_ONLY.has(type) ? "user" : SYSTEM_ONLY.has(type) ? "system" : undefined;
  if (owner === undefined && !ANY_ROLE.has(type) && !HOSTED_RESULT.test(type)) {
    throw invalid(`${path}: Input tag '${type}' found using 'type' does not match any of the expected tags`);
  }
  if (owner !== undefined && owner !== role) throw invalid(`${path}: \`${type}\` blocks can only be in \`${owner}\` messages`);
  if (type === "text") checkText(block, path);
  if (type === "image") checkImage(block, path);
  if (type === "thinking" || type === "redacted_thinking") checkThinkingBlock(block, type, path);
  if (type === "tool_use") checkToolUse(block, path);
  if (type === "tool_result") checkToolResult(block, path);
}

function checkText(block: Fields, path: string): void {
  const text = block["text"];
  if (typeof text !== "string") throw invalid(`${path}.text.text: Field required`);
  if (text === "") throw invalid("messages: text content blocks must be non-empty");
  if (text.trim() === "") throw invalid("messages: text content blocks must contain non-whitespace text");
}

function checkImage(block: Fields, path: string): void {
  const source = fieldsOf(block["source"]);
  const type = textOf(source["type"]);
  if (!["base64", "url", "file"].includes(type))
    throw invalid(`${path}.image.source: Input tag '${type}' does not match any of the expected tags: 'base64', 'file', 'url'`);
  if (type !== "base64") return;
  const allowed = IMAGE_TYPES.map((name) => `'${name}'`).join(", ");
  if (!IMAGE_TYPES.includes(textOf(source["media_type"])))
    throw invalid(`${path}.image.source.base64.media_type: Input should be ${allowed}`);
  if (!BASE64.test(textOf(source["data"]))) throw invalid(`${path}.image.source.base64: invalid base64 data`);
}

/** Whether its state is genuine is for `messages-binding.ts` to say. */
function checkThinkingBlock(block: Fields, type: "thinking" | "redacted_thinking", path: string): void {
  if (block["cache_control"] !== undefined) throw invalid(`${path}.${type}.cache_control: Extra inputs are not permitted`);
  if (type === "redacted_thinking") return;
  if (typeof block["thinking"] !== "string") throw invalid(`${path}.thinking.thinking: Field required`);
  if (typeof block["signature"] !== "string") throw invalid(`${path}.thinking.signature: Field required`);
}

function checkToolUse(block: Fields, path: string): void {
  if (!CALL_ID.test(textOf(block["id"]))) throw invalid(`${path}.tool_use.id: String should match pattern '${CALL_ID.source}'`);
  if (textOf(block["name"]) === "") throw invalid(`${path}.tool_use.name: Field required`);
  if (!isFields(block["input"])) throw invalid(`${path}.tool_use.input: Input should be a valid dictionary`);
}

function checkToolResult(block: Fields, path: string): void {
  if (textOf(block["tool_use_id"]) === "") throw invalid(`${path}.tool_result.tool_use_id: Field required`);
  for (const [position, part] of listOf(block["content"]).map(fieldsOf).entries()) {
    const type = textOf(part["type"]);
    const inner = `${path}.tool_result.content.${position}`;
    if (!RESULT_CONTENT.has(type))
      throw invalid(`${inner}: Input tag '${type}' found using 'type' does not match any of the expected tags`);
    if (type === "text") checkText(part, inner);
    if (type === "image") checkImage(part, inner);
  }
}

function checkRoles(messages: readonly Message[], model: string): void {
  if (messages[0]?.role !== "user") throw invalid('messages: first message must use the "user" role');
  for (const [index, message] of messages.entries()) {
    if (message.role !== "system") continue;
    if (claudeVersion(model) < 4.8) throw invalid(`messages.${index}: role 'system' is not supported on this model`);
    if (messages[index - 1]?.role === "assistant") throw invalid(`messages.${index}: a system message must follow a user message`);
  }
}

/** Neighbours of one role, which Anthropic takes as one turn. */
function groupsOf(messages: readonly Message[]): readonly Message[] {
  const groups: Message[] = [];
  for (const message of messages) {
    const last = groups.at(-1);
    if (last?.role === message.role) groups[groups.length - 1] = { ...message, blocks: [...last.blocks, ...message.blocks] };
    else groups.push(message);
  }
  return groups;
}

function checkCalls(groups: readonly Message[]): void {
  const seen = new Set<string>();
  for (const [position, group] of groups.entries()) {
    const called = idsOf(group, "tool_use", "id");
    if (called.some((id) => seen.has(id)) || new Set(called).size < called.length)
      throw invalid(`messages.${group.index}: \`tool_use\` ids must be unique`);
    for (const id of called) seen.add(id);
    const next = groups[position + 1];
    const answered = next?.role === "user" ? leadingResults(next).map((block) => textOf(block["tool_use_id"])) : [];
    const open = called.filter((id) => !answered.includes(id));
    if (open.length > 0) {
      throw invalid(
        `messages.${group.index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
    }
    if (group.role === "user") checkResults(group, groups[position - 1]);
  }
}

function checkResults(group: Message, before: Message | undefined): void {
  const called = before?.role === "assistant" ? idsOf(before, "tool_use", "id") : [];
  const answered = idsOf(group, "tool_result", "tool_use_id");
  for (const [position, id] of answered.entries()) {
    if (!called.includes(id)) {
      throw invalid(
        `messages.${group.index}.content.${position}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
    if (answered.indexOf(id) !== position) {
      throw invalid(
        `messages.${group.index}.content.${position}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${id}`,
      );
    }
  }
}

function leadingResults(message: Message): readonly Fields[] {
  const other = message.blocks.findIndex((block) => block["type"] !== "tool_result");
  return other < 0 ? message.blocks : message.blocks.slice(0, other);
}

function idsOf(message: Message, type: string, field: string): string[] {
  return message.blocks.filter((block) => block["type"] === type).map((block) => textOf(block[field]));
}

function checkPrefill(last: Message | undefined, model: string): void {
  if (last?.role !== "assistant") return;
  // A turn that paused for the vendor's own tools goes on.
  if (/^server_tool_use$|^(?!tool_result$).*_tool_result$/.test(textOf(last.blocks.at(-1)?.["type"]))) return;
  if (claudeVersion(model) >= 4.6) {
    throw invalid("This model does not support assistant message prefill. The conversation must end with a user message.");
  }
  if (/\s$/.test(textOf(last.blocks.at(-1)?.["text"])))
    throw invalid("messages: final assistant content cannot end with trailing whitespace");
}
