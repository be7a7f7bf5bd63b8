/** Calls as items: of functions, of free-text tools, and of typed tools in their own words (A.3.1; rules 49, 58, 66, 68, 90). */
import { createHash } from "node:crypto";
import type { ChatRequest } from "../../../chat/chat.ts";
import { asString, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import { callArguments } from "../../shared/call-input.ts";
import { recordNative } from "../../shared/native-losses.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { toolNamed } from "../../shared/tool-lookup.ts";
import type { CallItem } from "../../shared/tool-steps.ts";
import { localShellAction } from "../local-shell.ts";
import { ownItem } from "../native.ts";
import { MAX_CALL_ID_CHARS, PROTOCOL } from "../wire.ts";
import { dialectOf } from "./default-dialect.ts";
import { encodeToolName } from "./tool-names-encode.ts";

const HASH_CHARS = 16;

/** An id that is not too long: the beginning and a hash, so that calls and results still match (rule 49). */
export function wireCallId(id: string): string {
  if (id !== "" && id.length <= MAX_CALL_ID_CHARS) return id;
  const hash = createHash("sha256").update(id).digest("hex").slice(0, HASH_CHARS);
  return `${id.slice(0, MAX_CALL_ID_CHARS - HASH_CHARS - 1)}_${hash}`;
}

/** Where the call of a typed tool says what to do; of all others it is an action. */
const INPUT_KEYS: ReadonlyMap<string, string> = new Map([
  ["apply_patch_call", "operation"],
  ["tool_search_call", "arguments"],
]);

/** @param callId unique in the request. */
export function encodeCall(call: CallItem, callId: string, target: EncodeTarget, { tools }: ChatRequest): JsonObject {
  const { losses } = target;
  recordNative(call.native, call.path, PROTOCOL, losses);
  const own = ownItem(call.native);
  if (call.cache && !own) losses.add("cache-mark", call.path, "info");
  if (call.state) losses.add("foreign-state", call.path, "info");
  const id = { call_id: wireCallId(callId) };
  const type = asString(own?.["type"]);
  if (type !== undefined) {
    const input = tryParseJson(call.input) ?? {};
    const key = INPUT_KEYS.get(type) ?? (Array.isArray(input) ? "actions" : "action");
    return { type, ...id, [key]: type === "local_shell_call" ? localShellAction(input) : input, ...own };
  }
  const dialect = dialectOf(target);
  const name = encodeToolName(call.name, tools, dialect);
  if (call.kind === "custom" && dialect.customTools && toolNamed(tools, call.name)?.type !== "function") {
    return { type: "custom_tool_call", ...id, ...name, input: call.input, ...own };
  }
  return { type: "function_call", ...id, ...name, arguments: callArguments(call), ...own };
}
