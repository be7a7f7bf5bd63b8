/**
 * What Claude binds its thinking to (dossier A.1.5): `tools`, `system` and every message before it, marks of the prompt cache
 * left out. The vendor does so from its 5.5 models on, the simulator for all. It compares by value: a string is one text
 * block, neighbouring messages of one role are one message, deferred tools are not yet there, and citations stand beside
 * the text, not in it.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { StateFlaw } from "./binding.ts";
import type { BoundConversation, FoundState, PieceSink } from "./binding-conversation.ts";
import { fieldsOf, listOf, textOf, type Fields } from "./json-values.ts";
import type { Message } from "./messages-turns.ts";
import { invalid } from "./vendor-error.ts";

/** The role of the one who answers. */
export const ANSWERER = "assistant";

const BINDING_BETA = "thinking-binding-controls-2026-08-01";
const BEHAVIOURS = ["error", "drop_block"];

/** What a request says about blocks that do not fit their conversation. */
export interface Binding {
  /** Whether they are left out instead of refused. */
  readonly drops: boolean;
  /** Whether the answer tells what was left out. */
  readonly reports: boolean;
}

/** Reads and checks `thinking.block_binding`. */
export function readBinding(body: Fields, headers: IncomingHttpHeaders): Binding {
  const reports = String(headers["anthropic-beta"] ?? "")
    .split(",")
    .some((beta) => beta.trim() === BINDING_BETA);
  const thinking = fieldsOf(body["thinking"]);
  const asked = thinking["block_binding"] ?? undefined;
  const path = `thinking.${textOf(thinking["type"])}.block_binding`;
  if (asked !== undefined && !reports) throw invalid(`${path}: Extra inputs are not permitted`);
  const behaviour = fieldsOf(asked)["prefix_mismatch_behavior"] ?? "error";
  if (!BEHAVIOURS.includes(textOf(behaviour))) throw invalid(`${path}.prefix_mismatch_behavior: Input should be 'error' or 'drop_block'`);
  return { drops: behaviour === "drop_block", reports };
}

/**
 * Reads the whole prompt into the conversation and checks the thinking in it.
 * @param drops whether thinking whose conversation was changed is left out.
 * @returns what was left out, as `input_transformations` tells it.
 */
export function readState(body: Fields, messages: readonly Message[], conversation: BoundConversation, drops: boolean): readonly Fields[] {
  const dropped: Fields[] = [];
  for (const tool of listOf(body["tools"]).map(fieldsOf)) if (tool["defer_loading"] !== true) conversation.piece("tools", canonical(tool));
  for (const block of blocksIn(body["system"])) addContent(conversation, "instructions", block);
  for (const { role, blocks, rest, index } of messages) {
    conversation.path = `messages.${index}`;
    if (Object.keys(rest).length > 0) conversation.piece(role, canonical(rest));
    for (const [position, block] of blocks.entries()) {
      conversation.path = `messages.${index}.content.${position}`;
      const state = stateIn(block);
      if (state === undefined) addContent(conversation, role, block);
      else if (takeState(state, conversation, drops) === "dropped")
        dropped.push({ type: "thinking_dropped", path: conversation.path, reason: "prefix_binding_mismatch" });
    }
  }
  return dropped;
}

/** Adds a block that is no thinking. */
export function addContent(sink: PieceSink, role: string, block: Fields): void {
  if (block["type"] === "text") sink.text(role, textOf(block["text"]));
  else sink.piece(role, canonical(block));
}

function stateIn(block: Fields): FoundState | undefined {
  if (block["type"] === "thinking") return { kind: "thinking", signed: textOf(block["thinking"]), value: textOf(block["signature"]) };
  return block["type"] === "redacted_thinking" ? { kind: "redacted", signed: "", value: textOf(block["data"]) } : undefined;
}

function takeState(state: FoundState, conversation: BoundConversation, drops: boolean): "kept" | "dropped" {
  const flaw = conversation.state(ANSWERER, state);
  if (flaw === undefined) return "kept";
  if (flaw === "prefix" && drops && !conversation.strict) {
    conversation.drop(flaw);
    return "dropped";
  }
  conversation.refuse(flaw);
  throw refusal(conversation.path, state.kind, flaw);
}

function refusal(path: string, kind: FoundState["kind"], flaw: StateFlaw): Error {
  const what = kind === "redacted" ? "Invalid `data` in `redacted_thinking` block" : "Invalid `signature` in `thinking` block";
  const why =
    flaw === "prefix"
      ? ". The block is bound to a different conversation: the content before it is not the content that it was created with."
      : "";
  return invalid(`${path}: ${what}${why}`);
}

function blocksIn(content: unknown): readonly Fields[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : listOf(content).map(fieldsOf);
}

/** Its members in one order, without marks of the cache; what is inside `input` or a schema stays as it came. */
function canonical({ cache_control: _cache, ...block }: Fields): Fields {
  const { content } = block;
  const isList = typeof content === "string" || Array.isArray(content);
  const members = {
    ...block,
    ...(isList && { content: joined(blocksIn(content)) }),
    ...(block["is_error"] === false && { is_error: undefined }),
  };
  return Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Blocks inside a block, neighbouring texts joined. */
function joined(blocks: readonly Fields[]): readonly Fields[] {
  const all: Fields[] = [];
  for (const block of blocks) {
    const last = all.at(-1);
    const text = block["type"] === "text" ? textOf(block["text"]) : undefined;
    if (text === undefined) all.push(canonical(block));
    else if (last?.["type"] === "text") all[all.length - 1] = { type: "text", text: textOf(last["text"]) + text };
    else if (text !== "") all.push({ type: "text", text });
  }
  return all;
}
