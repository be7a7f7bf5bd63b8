/** What the answer must look like: enforced where the model can, else by a tool that takes it, else asked for in words (rules 210–213, 419). */
import type { ChatRequest } from "../../../chat/chat.ts";
import { asArray, asObject, writeJson, type JsonObject } from "../../../chat/json.ts";
import { objectSchema } from "../../shared/object-schema.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { lowerStrictSchema } from "./schema-encode.ts";
import { canForce, demandsCall } from "./tool-choice-encode.ts";
import { ANSWER_TOOL } from "../wire.ts";

/** At most one of these. */
export interface EncodedFormat {
  /** For `output_config`. */
  readonly format?: JsonObject;
  /** A tool that the model must call with its answer. */
  readonly answerTool?: JsonObject;
  /** What is said in words. */
  readonly note?: string;
}

const JSON_ONLY = "Answer with one JSON object and nothing else.";

/** The form of the answer, as the model takes it. */
export function encodeFormat({ outputFormat: asked, toolChoice }: ChatRequest, { profile, losses }: EncodeTarget): EncodedFormat {
  if (!asked) return {};
  // The wire has no form for "any JSON" (rule 213).
  if (asked.type === "json") return { note: JSON_ONLY };
  if (asked.name !== undefined) losses.add("output-format-name", "output_format.name", "info");
  if (profile.jsonSchemaOutput) {
    const schema = lowerStrictSchema(asked.schema, () => losses.add("schema-keyword", "output_format.schema", "info"));
    return { format: { type: "json_schema", schema } };
  }
  // The answer will be a call, of which the format says nothing.
  if (demandsCall(toolChoice)) return {};
  losses.add("output-format-emulated", "output_format", "info");
  if (!takesObjects(asked.schema) || !canForce(profile))
    return { note: `${JSON_ONLY} It must be valid against this JSON schema:\n${writeJson(asked.schema)}` };
  const description = "Gives the answer. Call it once, with the whole answer, when nothing else is left to do.";
  return { answerTool: { name: ANSWER_TOOL, description, input_schema: objectSchema(asked.schema).schema } };
}

/** Whether a call's input can be the answer: it is always an object, and its schema has no alternatives at the root (rule 116). */
function takesObjects(schema: JsonObject): boolean {
  const alternatives = ["anyOf", "oneOf", "allOf", "$ref"].some((key) => asArray(schema[key]) ?? schema[key] !== undefined);
  return !alternatives && (schema["type"] === "object" || (schema["type"] === undefined && asObject(schema["properties"]) !== undefined));
}
