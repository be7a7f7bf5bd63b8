/** Limits, sampling, reasoning and the form of the answer (A.2.1, B.0.5, C.7, C.8). */
import type { ChatRequest, Effort } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { ChatDialect } from "../../chat-dialect.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { declareSchema, effortFor, formatInstruction, JSON_INSTRUCTION, samples } from "../../shared/openai-settings.ts";
import { dialectOf } from "./default-dialect.ts";
import { ownFields } from "../native.ts";
import { NAME_LAW } from "../wire.ts";

/** The limit of output tokens: never 0, which only warms a cache (rule 189), and never more than the model writes (rule 188). */
export function encodeLimit({ maxOutputTokens: asked }: ChatRequest, target: EncodeTarget): JsonObject {
  if (asked === undefined) return {};
  const limit = Math.max(1, Math.min(asked, target.profile.maxOutputTokens ?? asked));
  if (limit !== asked) target.losses.add("max-output-tokens", "max_tokens", "info");
  return { [dialectOf(target).maxTokensField]: limit };
}

/** @param reasoning whether the model will reason, beside which some do not sample (rule 193). */
export function encodeSampling({ sampling }: ChatRequest, reasoning: boolean, target: EncodeTarget): JsonObject {
  const { profile, losses } = target;
  const { temperature, topP, topK, seed, presencePenalty, frequencyPenalty } = sampling;
  const given: Record<string, number | undefined> = {
    temperature,
    top_p: topP,
    top_k: topK,
    presence_penalty: presencePenalty,
    frequency_penalty: frequencyPenalty,
  };
  const sampled = samples(profile, reasoning);
  const kept: Record<string, number> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const lost = !sampled || (name === "top_k" && !dialectOf(target).topK);
    if (lost) losses.add("sampling-ignored", name, "semantic");
    else kept[name] = value;
  }
  return { ...kept, ...(seed !== undefined && { [dialectOf(target).seedField ?? "seed"]: seed }) };
}

/** What the request comes to say about reasoning. */
export interface EncodedReasoning {
  readonly fields: JsonObject;
  /** Whether the model will reason. */
  readonly reasons: boolean;
}

/** @param withFunctions whether tools are offered, beside which some models take no effort (A.2.1). */
export function encodeReasoning(request: ChatRequest, withFunctions: boolean, target: EncodeTarget): EncodedReasoning {
  const { effort: form } = dialectOf(target);
  const silent = withFunctions && target.profile.effortWithFunctions === false;
  const { effort, reasons } = effortFor(request, target, (one) => form !== "none" && !(silent && one !== "none"));
  return { fields: effort === undefined || form === "none" ? {} : FORMS[form](effort), reasons };
}

type Form = (effort: Effort) => JsonObject;

/** The ways in which servers are told. Those that can only be switched are switched. */
const FORMS: Readonly<Record<Exclude<ChatDialect["effort"], "none">, Form>> = {
  reasoning_effort: (effort) => ({ reasoning_effort: effort }),
  "reasoning.effort": (effort) => ({ reasoning: { effort } }),
  "thinking.type": (effort) => ({ thinking: { type: effort === "none" ? "disabled" : "enabled" } }),
  "thinking.type+reasoning_effort": (effort) =>
    effort === "none" ? { thinking: { type: "disabled" } } : { thinking: { type: "enabled" }, reasoning_effort: effort },
  enable_thinking: (effort) => ({ enable_thinking: effort !== "none" }),
};

/** The format's field, or what is to be said in words where the server has none for it. */
export interface EncodedFormat {
  readonly fields: JsonObject;
  readonly instructions: readonly string[];
}

/** Enforced as far as the server can; the rest is said in words. */
export function encodeFormat({ outputFormat: format, native, tools }: ChatRequest, target: EncodeTarget): EncodedFormat {
  const own = ownFields(native)?.["response_format"] as JsonObject | undefined;
  if (!format) return { fields: own ? { response_format: own } : {}, instructions: [] };
  const { profile, losses } = target;
  const { outputFormat: most } = dialectOf(target);
  const beside = tools.length > 0 && !profile.jsonOutputWithFunctions;
  if (beside || most === "none") {
    if (beside) losses.add("output-format-beside-tools", "output_config.format", "semantic");
    else losses.add("output-format-emulated", "output_config.format", "info");
    return { fields: {}, instructions: [formatInstruction(format.type === "json-schema" ? format.schema : undefined)] };
  }
  if (format.type === "json") return { fields: { response_format: { type: "json_object" } }, instructions: [JSON_INSTRUCTION] };
  if (most === "json_object" || !profile.jsonSchemaOutput) {
    losses.add("output-format-emulated", "output_config.format", "info");
    return { fields: { response_format: { type: "json_object" } }, instructions: [formatInstruction(format.schema)] };
  }
  const rest = own?.["json_schema"] as JsonObject | undefined;
  const declared = { ...declareSchema(format, NAME_LAW, losses), ...rest };
  return { fields: { response_format: { type: "json_schema", json_schema: declared } }, instructions: [] };
}
