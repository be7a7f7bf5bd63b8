/** Items of an answer that are no words: calls, each an item of its tool's own kind, and what the vendor ran itself. */
import type { OfferedTool, PlannedBlock, PlannedCallBlock } from "./conversation.ts";
import { fieldsOf, listOf, type Fields } from "./json-values.ts";
import { openAiId } from "./openai-errors.ts";
import { deltas, holds, opens, type ItemEvent, type OutputItem } from "./responses-events.ts";
import { piecesOf } from "./tokens.ts";

/** Where an item stands. */
export interface ItemPlace {
  /** Gives the item its id. */
  readonly idOf: (prefix: string) => string;
  /** How it ended. */
  readonly status: string;
}

/** A call of a tool; `tools` tell which it is. */
export function callItem(call: PlannedCallBlock, place: ItemPlace, tools: readonly OfferedTool[]): OutputItem {
  const callId = call.id ?? openAiId("call_", place.idOf("call"));
  const tool = tools.find(({ name, namespace }) => name === call.name && namespace === call.namespace);
  if (tool?.wireType !== undefined) return typedCall(tool.wireType, call, place, callId);
  return call.custom ? customCall(call, place, callId) : functionCall(call, place, callId);
}

function functionCall(call: PlannedCallBlock, { idOf, status }: ItemPlace, callId: string): OutputItem {
  const frame = (input: string, state: string): Fields => ({
    id: idOf("fc_"),
    type: "function_call",
    status: state,
    arguments: input,
    call_id: callId,
    ...toolOf(call),
  });
  return {
    item: frame(call.arguments, status),
    opening: frame("", "in_progress"),
    events: [
      ...deltas("function_call_arguments", call.pieces ?? piecesOf(call.arguments)),
      holds("function_call_arguments.done", { arguments: call.arguments }),
    ],
  };
}

function customCall(call: PlannedCallBlock, { idOf, status }: ItemPlace, callId: string): OutputItem {
  const frame = (input: string, state: string): Fields => ({
    id: idOf("ctc_"),
    type: "custom_tool_call",
    status: state,
    call_id: callId,
    input,
    ...toolOf(call),
  });
  return {
    item: frame(call.arguments, status),
    opening: frame("", "in_progress"),
    events: [
      ...deltas("custom_tool_call_input", call.pieces ?? piecesOf(call.arguments)),
      holds("custom_tool_call_input.done", { input: call.arguments }),
    ],
  };
}

function toolOf({ name, namespace }: PlannedCallBlock): Fields {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}

/** A call of a tool that the vendor knows and the caller runs. */
function typedCall(wireType: string, call: PlannedCallBlock, { idOf, status }: ItemPlace, callId: string): OutputItem {
  const input = fieldsOf(call.input);
  const frame = (prefix: string, members: Fields, empty: Fields): OutputItem => {
    const head = { id: idOf(prefix), type: `${wireType}_call` };
    return {
      item: { ...head, status, ...members, call_id: callId },
      opening: { ...head, status: "in_progress", ...empty, call_id: callId },
      events: [],
    };
  };
  switch (wireType) {
    case "local_shell":
      return frame("lsh_", { action: { type: "exec", env: {}, ...input } }, { action: { type: "exec", command: [], env: {} } });
    case "shell": {
      const limits = { max_output_length: null, timeout_ms: null };
      const commands = listOf(input["commands"]).map(String);
      const item = frame("sh_", { action: { ...limits, ...input } }, { action: { ...limits, commands: [] } });
      return { ...item, events: commands.flatMap(commandEvents) };
    }
    case "apply_patch": {
      const operation = fieldsOf(input["operation"] ?? input);
      return frame("apc_", { operation }, { operation: { ...operation, diff: "" } });
    }
    case "tool_search":
      return frame("tsc_", { arguments: call.input, execution: "client" }, { arguments: {}, execution: "client" });
    default:
      return frame("cu_", { actions: [input], pending_safety_checks: [] }, { actions: [], pending_safety_checks: [] });
  }
}

function commandEvents(command: string, index: number): readonly ItemEvent[] {
  const place = { command_index: index };
  return [
    opens("shell_call_command.added", { command: "", ...place }),
    ...deltas("shell_call_command", piecesOf(command), place),
    holds("shell_call_command.done", { command, ...place }),
  ];
}

/** A search that the vendor did. @param sources whether the request wants to know what was found. */
export function searchItem(search: Extract<PlannedBlock, { type: "search" }>, id: string, sources: boolean): OutputItem {
  const { query, results } = search;
  const head = { id, type: "web_search_call" };
  const found = sources ? { sources: results.map(({ url }) => ({ type: "url", url })) } : {};
  return {
    item: { ...head, status: "completed", action: { type: "search", queries: [query], query, ...found } },
    opening: { ...head, status: "in_progress", action: { type: "search" } },
    events: ["in_progress", "searching", "completed"].map((state) => opens(`web_search_call.${state}`)),
  };
}

/** A picture that the vendor made. */
export function imageItem({ mimeType, data }: Extract<PlannedBlock, { type: "image" }>, id: string): OutputItem {
  const head = { id, type: "image_generation_call" };
  const format = mimeType.slice("image/".length);
  return {
    item: {
      ...head,
      status: "completed",
      background: "opaque",
      output_format: format,
      quality: "high",
      result: data,
      revised_prompt: null,
      size: "1024x1024",
    },
    opening: { ...head, status: "in_progress" },
    events: ["in_progress", "generating", "completed"].map((state) => opens(`image_generation_call.${state}`)),
  };
}
