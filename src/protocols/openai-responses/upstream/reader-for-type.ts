/** Which reader an item of an answer is read by. */
import type { JsonObject } from "../../../chat/json.ts";
import { isClientsSearch, isContainer } from "../hosted-items.ts";
import { CallReader, TypedCallReader } from "./calls-decode.ts";
import { HostedReader, WholeReader } from "./hosted-decode.ts";
import type { AnswerReading, ItemReader } from "./item-reader.ts";
import { MessageReader } from "./message-decode.ts";
import { ReasoningReader } from "./reasoning-decode.ts";

/** The types of items that events tell of, where nobody began the item. */
const IMPLIED: readonly (readonly [event: string, type: string])[] = [
  ["output_text.", "message"],
  ["refusal.", "message"],
  ["content_part.", "message"],
  ["reasoning", "reasoning"],
  ["function_call_arguments.", "function_call"],
  ["custom_tool_call_input.", "custom_tool_call"],
];

/** The type of the item that an event is about; `undefined` where its name does not tell. @param name without `response.` before it. */
export function impliedType(name: string): string | undefined {
  return IMPLIED.find(([start]) => name.startsWith(start))?.[1];
}

/** @param item as it begins, or the whole of one that comes at once. */
export function readerFor(type: string, item: JsonObject, reading: AnswerReading): ItemReader {
  switch (type) {
    case "message":
      return new MessageReader(item, reading);
    case "reasoning":
      return new ReasoningReader(reading);
    case "function_call":
      return new CallReader(item, "function", reading);
    case "custom_tool_call":
      return new CallReader(item, "custom", reading);
    case "local_shell_call":
      return new TypedCallReader("local_shell", ["action"], reading);
    case "apply_patch_call":
      return new TypedCallReader("apply_patch", ["operation"], reading);
    case "computer_call":
      return new TypedCallReader("computer", ["actions", "action"], reading);
    case "shell_call":
      return isContainer(item["environment"]) ? new HostedReader(reading) : new TypedCallReader("shell", ["action"], reading);
    case "tool_search_call":
      return isClientsSearch(item) ? new TypedCallReader("tool_search", ["arguments"], reading) : new HostedReader(reading);
    case "web_search_call":
    case "file_search_call":
    case "code_interpreter_call":
    case "mcp_call":
      return new HostedReader(reading);
    default:
      return new WholeReader(reading);
  }
}
