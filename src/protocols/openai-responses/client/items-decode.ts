/** Items of a client's history to neutral content (A.3.1). What is unknown stays whole. */
import { asString, type JsonObject } from "../../../chat/json.ts";
import { arrayField, refuse, refuseMissing, required, stringField } from "../../shared/openai-fields.ts";
import { isClientsSearch, isContainer } from "../hosted-items.ts";
import { leftover } from "../../shared/leftover.ts";
import {
  decodeCall,
  decodeComputerCall,
  decodeComputerOutput,
  decodeCustomOutput,
  decodeLocalShellOutput,
  decodeOutput,
  decodePatchOutput,
  decodeSearchOutput,
  decodeShellOutput,
  decodeTypedCall,
} from "./calls-decode.ts";
import { withItem } from "./content-decode.ts";
import {
  decodeHostedSearch,
  decodeHostedSearchOutput,
  decodeHostedShell,
  decodeHostedShellOutput,
  decodeImageCall,
  decodeRan,
} from "./hosted-decode.ts";
import { oneItem, opaqueItem, type DecodedItem, type ItemContext, type ItemDecoder, type Speaker } from "./item-context.ts";
import { decodeCompaction, decodeMessage, decodeReasoning } from "./messages-decode.ts";

/** One item. @throws GatewayError `invalid-request`, naming the field, also for an item that is only named and not known. */
export function decodeItem(item: JsonObject, path: string, context: ItemContext): DecodedItem {
  const type = stringField(item, "type", path) ?? (item["role"] === undefined ? "item_reference" : "message");
  const decode = DECODERS.get(type);
  return decode ? decode(item, path, context) : opaqueItem(OPAQUE_SPEAKERS.get(type) ?? speakerOf(item, type), item, type, path);
}

/** Items without a neutral form that are not the model's. */
const OPAQUE_SPEAKERS: ReadonlyMap<string, Speaker> = new Map<string, Speaker>([
  ["configuration_update", "system"],
  ["compaction_trigger", "user"],
  ["mcp_approval_response", "user"],
  ["program_output", "assistant"],
]);

/** An unknown item by what its name says of it. */
function speakerOf({ role }: JsonObject, type: string): Speaker {
  if (role === "developer" || role === "system") return "system";
  return role === "user" || type.endsWith("_output") || type.endsWith("_response") ? "user" : "assistant";
}

/** Items are no longer known here whose ids were not resolved before (rule 433). */
function refuseReference(item: JsonObject, path: string): never {
  const id = required(stringField, item, "id", path);
  if (id === "") refuseMissing(`${path}.id`);
  return refuse(path, `Item with id '${id}' not found. Send the item itself, or store the answers that the conversation refers to.`);
}

/** Tools that come in the middle of a conversation; at its very beginning they are simply there (rules 368, 408). */
function decodeAdditionalTools(item: JsonObject, path: string, { tools }: ItemContext): DecodedItem {
  const names = tools.read(required(arrayField, item, "tools", path), `${path}.tools`, true);
  return oneItem("system", withItem({ type: "tool-change", change: "add", tools: names }, leftover(item, [])), path);
}

/** The same type of item stands for tools that the client runs and for those that the provider does. */
function byWhoRuns(
  isClients: (item: JsonObject, context: ItemContext) => boolean,
  clients: ItemDecoder,
  providers: ItemDecoder,
): ItemDecoder {
  return (item, path, context) => (isClients(item, context) ? clients : providers)(item, path, context);
}

const DECODERS: ReadonlyMap<string, ItemDecoder> = new Map<string, ItemDecoder>([
  ["message", decodeMessage],
  ["reasoning", decodeReasoning],
  ["compaction", decodeCompaction],
  ["function_call", decodeCall("function")],
  ["function_call_output", decodeOutput],
  ["custom_tool_call", decodeCall("custom")],
  ["custom_tool_call_output", decodeCustomOutput],
  ["local_shell_call", decodeTypedCall("action", "local_shell")],
  ["local_shell_call_output", decodeLocalShellOutput],
  ["shell_call", byWhoRuns(({ environment }) => !isContainer(environment), decodeTypedCall("action", "shell"), decodeHostedShell)],
  [
    "shell_call_output",
    byWhoRuns(({ call_id: id }, { hostedShells }) => !hostedShells.has(asString(id) ?? ""), decodeShellOutput, decodeHostedShellOutput),
  ],
  ["apply_patch_call", decodeTypedCall("operation", "apply_patch")],
  ["apply_patch_call_output", decodePatchOutput],
  ["computer_call", decodeComputerCall],
  ["computer_call_output", decodeComputerOutput],
  ["tool_search_call", byWhoRuns(isClientsSearch, decodeTypedCall("arguments", "tool_search"), decodeHostedSearch)],
  ["tool_search_output", byWhoRuns(isClientsSearch, decodeSearchOutput, decodeHostedSearchOutput)],
  ["web_search_call", decodeRan],
  ["file_search_call", decodeRan],
  ["code_interpreter_call", decodeRan],
  ["image_generation_call", decodeImageCall],
  ["mcp_call", decodeRan],
  ["additional_tools", decodeAdditionalTools],
  ["item_reference", refuseReference],
]);
