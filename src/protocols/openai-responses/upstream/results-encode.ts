/** Results of calls as items of the call's kind (A.3.1; rules 73–78, 410, 411). */
import type { Content } from "../../../chat/chat.ts";
import { asString, type JsonObject } from "../../../chat/json.ts";
import { NO_OUTPUT_TEXT, NO_RESULT_TEXT, TOOL_ERROR_PREFIX } from "../../shared/fixed-texts.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { splitResult } from "../../shared/result-text.ts";
import type { EncodeTarget } from "../../protocol.ts";
import type { ResultItem } from "../../shared/tool-steps.ts";
import { ownItem } from "../native.ts";
import { PROTOCOL } from "../wire.ts";
import { encodeContent, type Part } from "./content-encode.ts";

/** A result, and what of it could not stand in one. */
export interface EncodedResult {
  readonly item: JsonObject;
  /** Pictures and files, where results hold text only (rule 74). */
  readonly shown: readonly Part[];
}

/** @param call the item of the call that it answers. */
export function encodeResult(result: ResultItem, call: JsonObject, target: EncodeTarget): EncodedResult {
  recordNative(result.native, result.path, PROTOCOL, target.losses);
  const own = ownItem(result.native);
  if (result.cache && !own) target.losses.add("cache-mark", result.path, "info");
  const head = { type: outputType(call), call_id: call["call_id"] };
  // It says in its own words what it gave.
  if (own && ["output", "tools"].some((key) => own[key] !== undefined)) return { item: { ...head, ...own }, shown: [] };
  const isMarked = result.isError && !TELLING_STATUS.has(head.type);
  const { output, shown } = encodeOutput({ ...result, isError: isMarked }, target);
  return { item: { ...head, output, ...own }, shown };
}

/** Outputs whose status tells that something failed. */
const TELLING_STATUS: ReadonlySet<string> = new Set(["apply_patch_call_output"]);

function outputType(call: JsonObject): string {
  const type = asString(call["type"]);
  return type === "tool_search_call" ? "tool_search_output" : `${type}_output`;
}

/** One text is a string; several, and media, are a list of parts. */
function encodeOutput(result: ResultItem, target: EncodeTarget): { output: string | readonly Part[]; shown: readonly Part[] } {
  const encode = (content: Content, path: string): Part[] => encodeContent(content, path, "input", target);
  if (!target.profile.mediaInToolResults) {
    const { text, shown } = splitResult(result.content, result.path, encode);
    return { output: result.isError ? `${TOOL_ERROR_PREFIX}${text}` : text, shown };
  }
  const parts = result.content.flatMap((content, i) => encode(content, `${result.path}.content[${i}]`));
  const [first = { type: "input_text", text: NO_OUTPUT_TEXT }, ...others] = result.isError ? marked(parts) : parts;
  const isPlain = others.length === 0 && first["type"] === "input_text" && Object.keys(first).length === 2;
  return { output: isPlain ? (first["text"] as string) : [first, ...others], shown: [] };
}

/** The wire has no field for an error (rule 78). */
function marked(parts: readonly Part[]): readonly Part[] {
  const [first, ...others] = parts;
  if (typeof first?.["text"] === "string") return [{ ...first, text: `${TOOL_ERROR_PREFIX}${first["text"]}` }, ...others];
  const text = parts.length === 0 ? `${TOOL_ERROR_PREFIX}${NO_OUTPUT_TEXT}` : TOOL_ERROR_PREFIX.trimEnd();
  return [{ type: "input_text", text }, ...parts];
}

const MISSING = `${TOOL_ERROR_PREFIX}${NO_RESULT_TEXT}`;

/** What a call was answered with that nobody answered: its form is that of its kind. */
const MISSING_OUTPUTS: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  ["shell_call", { output: [{ stdout: "", stderr: MISSING, outcome: { type: "exit", exit_code: 1 } }] }],
  ["apply_patch_call", { status: "failed", output: NO_RESULT_TEXT }],
  ["tool_search_call", { execution: "client", tools: [] }],
]);

/** Stands for the result that a call does not have: without one it is refused (rules 25, 89). */
export function missingResult(call: JsonObject): JsonObject {
  const told = MISSING_OUTPUTS.get(asString(call["type"]) ?? "") ?? { output: MISSING };
  return { type: outputType(call), call_id: call["call_id"], ...told };
}
