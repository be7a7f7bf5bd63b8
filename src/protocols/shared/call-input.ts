/** What a call passes to its tool, where a protocol has one form of it and the caller used another (dossier rules 54, 55, 66, 91). */
import type { Tool, ToolCallContent } from "../../chat/chat.ts";
import { asObject, asString, isObject, tryParseJson, writeJson, type JsonObject, type JsonText, type JsonValue } from "../../chat/json.ts";
import type { LossLedger } from "../../chat/loss.ts";

/**
 * The input as an object, for protocols that take nothing else: no arguments are an empty one, free text is wrapped as
 * {@link FREE_TEXT_SCHEMA} declares it, and text that is no object is kept in one field.
 */
export function callInputObject(call: ToolCallContent, path: string, losses: LossLedger): JsonObject {
  if (call.kind === "custom") return { input: call.input };
  if (call.input.trim() === "") return {};
  const parsed = tryParseJson(call.input);
  if (parsed === null) return {};
  if (isObject(parsed) && !isDeeper(parsed, MAX_DEPTH)) return parsed;
  losses.add("tool-call-arguments", path, "semantic");
  return { _raw: parsed === undefined || isDeeper(parsed, MAX_DEPTH) ? call.input : writeJson(parsed) };
}

/** What a body may nest besides: arguments are a text in some protocols, where nobody has counted. Deeper ones cannot be written. */
const MAX_DEPTH = 256;

function isDeeper(value: JsonValue | undefined, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member: JsonValue | undefined) => isDeeper(member, levels - 1));
}

/** The input as the text of an object: as it was written (rule 58), and never empty, because it is parsed (rule 56). */
export function callArguments(call: ToolCallContent): JsonText {
  if (call.kind === "custom") return writeJson({ input: call.input });
  return call.input.trim() === "" ? "{}" : call.input;
}

/** What a tool that takes free text takes where every input is an object (rule 66). */
export const FREE_TEXT_SCHEMA: JsonObject = {
  type: "object",
  properties: { input: { type: "string" } },
  required: ["input"],
  additionalProperties: false,
};

/** The description of such a tool: nothing enforces its grammar, so words must do (rule 91). `undefined` when there is nothing to say. */
export function freeTextDescription(tool: Extract<Tool, { type: "custom" }>, losses: LossLedger): string | undefined {
  if (!tool.format || tool.format["type"] === "text") return tool.description;
  losses.add("custom-tool-grammar", `${tool.path}.format`, "semantic");
  const grammar = `The input obeys: ${writeJson(tool.format)}`;
  return tool.description === undefined || tool.description === "" ? grammar : `${tool.description}\n\n${grammar}`;
}

/** The text that such a call was given (rule 66); what is not wrapped stays as it came. */
export function unwrapFreeText(input: JsonText): string {
  const wrapper = asObject(tryParseJson(input));
  return asString(wrapper?.["input"]) ?? (wrapper && Object.keys(wrapper).length > 0 ? writeJson(wrapper) : input);
}
