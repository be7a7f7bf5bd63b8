/** Limits, sampling, reasoning, and the form of the answer (A.3.1, B.0.5, C.7, C.8). */
import type { ChatRequest } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { declareSchema, effortFor, formatInstruction, JSON_INSTRUCTION, samples, verbosityFor } from "../../shared/openai-settings.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { MIN_OUTPUT_TOKENS, NAME_LAW } from "../wire.ts";
import { dialectOf } from "./default-dialect.ts";

/** The limit of output tokens: no less than the protocol takes (rules 190, 357), no more than the model writes (rule 188). */
export function encodeLimit({ maxOutputTokens: asked }: ChatRequest, { profile, losses }: EncodeTarget): JsonObject {
  if (asked === undefined) return {};
  const limit = Math.max(MIN_OUTPUT_TOKENS, Math.min(asked, profile.maxOutputTokens ?? asked));
  if (limit !== asked) losses.add("max-output-tokens", "max_tokens", "info");
  return { max_output_tokens: limit };
}

/** The wire has the first two only (A.3.1, rule 193). */
export function encodeSampling({ sampling }: ChatRequest, reasons: boolean, { profile, losses }: EncodeTarget): JsonObject {
  const { temperature, topP, topK, seed, presencePenalty, frequencyPenalty } = sampling;
  const given = { temperature, top_p: topP, top_k: topK, seed, presence_penalty: presencePenalty, frequency_penalty: frequencyPenalty };
  const sampled = samples(profile, reasons);
  const kept: Record<string, number> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (sampled && (name === "temperature" || name === "top_p")) kept[name] = value;
    else losses.add("sampling-ignored", name, "semantic");
  }
  return kept;
}

/** What the request comes to say about reasoning. */
export interface EncodedReasoning {
  readonly fields: JsonObject;
  /** Whether the model will reason. */
  readonly reasons: boolean;
  /** Whether its reasoning has to be asked for, so that it can go back (rule 134). */
  readonly encrypted: boolean;
}

/** @param own what a caller of OpenAI's says of it besides. */
export function encodeReasoning(request: ChatRequest, own: JsonObject, target: EncodeTarget): EncodedReasoning {
  const { reasoning: asked } = request;
  const dialect = dialectOf(target);
  const { effort, reasons } = effortFor(request, target, () => true);
  const shown = asked?.show ?? (asked?.mode !== undefined && asked.mode !== "off");
  const canReason = target.profile.reasoning.control !== "none";
  const reasoning = {
    ...(effort !== undefined && { effort }),
    ...(shown && canReason && effort !== "none" && dialect.reasoningSummaries && { summary: "auto" }),
    ...own,
  };
  return {
    fields: Object.keys(reasoning).length > 0 ? { reasoning } : {},
    reasons,
    // Models that do not reason refuse the question.
    encrypted: canReason && dialect.encryptedReasoning,
  };
}

/** The answer's form and length, and what is to be said in words where there is no field for it. */
export interface EncodedText {
  readonly fields: JsonObject;
  readonly instructions: readonly string[];
}

/** @param own what a caller of OpenAI's says of it besides. */
export function encodeText(request: ChatRequest, own: JsonObject, target: EncodeTarget): EncodedText {
  const { format: ownFormat, ...others } = own;
  const { format, instructions } = encodeFormat(request, (ownFormat as JsonObject | undefined) ?? {}, target);
  const verbosity = verbosityFor(request, dialectOf(target).verbosity, target);
  const text = { ...(format && { format }), ...(verbosity !== undefined && { verbosity }), ...others };
  return { fields: Object.keys(text).length > 0 ? { text } : {}, instructions };
}

function encodeFormat(
  { outputFormat: format, tools }: ChatRequest,
  own: JsonObject,
  { profile, losses }: EncodeTarget,
): { format?: JsonObject; instructions: readonly string[] } {
  if (!format) return { ...(Object.keys(own).length > 0 && { format: own }), instructions: [] };
  const schema = format.type === "json-schema" ? format.schema : undefined;
  if (tools.length > 0 && !profile.jsonOutputWithFunctions) {
    losses.add("output-format-beside-tools", "output_config.format", "semantic");
    return { instructions: [formatInstruction(schema)] };
  }
  if (format.type === "json") return { format: { type: "json_object", ...own }, instructions: [JSON_INSTRUCTION] };
  if (profile.jsonSchemaOutput)
    return { format: { type: "json_schema", ...declareSchema(format, NAME_LAW, losses), ...own }, instructions: [] };
  losses.add("output-format-emulated", "output_config.format", "info");
  return { format: { type: "json_object" }, instructions: [formatInstruction(schema)] };
}
