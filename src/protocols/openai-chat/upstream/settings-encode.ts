/** Limits, sampling, reasoning and the form of the answer (A.2.1, B.0.5, C.7, C.8). */
import type { ChatRequest, Effort, Reasoning } from "../../../chat/chat.ts";
import { writeJson, type JsonObject } from "../../../chat/json.ts";
import { effortOfBudget, nearestEffort } from "../../shared/effort.ts";
import type { ChatDialect } from "../../chat-dialect.ts";
import { legalName } from "../../shared/legal-names.ts";
import type { Profile } from "../../profile.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { dialectOf } from "./default-dialect.ts";
import { ownFields } from "../native.ts";
import { isStrict, lowerStrictSchema } from "./schema-encode.ts";
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

/** Whether sampling, and looking at it, is the caller's business (rule 193). */
export function samples({ sampling }: Profile, reasoning: boolean): boolean {
  return sampling === "all" || sampling === "one" || (sampling === "without-reasoning" && !reasoning);
}

/** What the request comes to say about reasoning. */
export interface EncodedReasoning {
  readonly fields: JsonObject;
  /** Whether the model will reason. */
  readonly reasons: boolean;
}

/** Nothing that the caller did not ask for (rule 153). @param withFunctions whether tools are offered (A.2.1). */
export function encodeReasoning(request: ChatRequest, withFunctions: boolean, target: EncodeTarget): EncodedReasoning {
  const { profile, losses } = target;
  const control = profile.reasoning;
  const asked = effective(request);
  if (control.control === "none") {
    if (asked && asked !== "none") losses.add("reasoning-unsupported", "thinking", "info");
    return { fields: {}, reasons: false };
  }
  const levels = control.control === "level" ? control.levels : ALL_LEVELS;
  const byDefault = profile.reasonsByDefault === true;
  const effort = asked && levelFor(asked, levels, target);
  const { effort: form } = dialectOf(target);
  if (effort === undefined || form === "none") {
    if (effort !== undefined && effort !== "none") losses.add("reasoning-effort", "thinking", "info");
    return { fields: {}, reasons: byDefault };
  }
  if (withFunctions && profile.effortWithFunctions === false && effort !== "none") {
    losses.add("reasoning-effort", "thinking", "info");
    return { fields: {}, reasons: byDefault };
  }
  return { fields: FORMS[form](effort), reasons: effort !== "none" };
}

const ALL_LEVELS: readonly Effort[] = ["none", "low", "medium", "high"];

/** The effort asked for: the newest turn's counts, and reasoning that is off is the effort `none`. */
function effective({ reasoning, turns }: ChatRequest): Effort | undefined {
  if (reasoning?.mode === "off") return "none";
  return turns.findLast((turn) => turn.effort !== undefined)?.effort ?? effortOf(reasoning);
}

function effortOf(reasoning: Reasoning | undefined): Effort | undefined {
  if (!reasoning) return undefined;
  const { mode, effort, budgetTokens } = reasoning;
  return (
    effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens)) ?? (mode === "between-tools" ? "low" : undefined)
  );
}

function levelFor(asked: Effort, levels: readonly Effort[], { losses }: EncodeTarget): Effort | undefined {
  const level = nearestEffort(asked, levels);
  if (level === asked) return level;
  losses.add(asked === "none" ? "reasoning-not-disabled" : "reasoning-effort", "thinking", "info");
  return level;
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

/** A name is demanded, and a schema that is not strict is refused as strict (rules 118, 216, 359). */
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
  const { $schema: _address, ...given } = format.schema;
  const lowered = format.strict === true ? lowerStrictSchema(given) : given;
  const strict = format.strict !== false && isStrict(lowered);
  if (format.strict === true && !strict) losses.add("strict-format", "output_config.format", "semantic");
  const rest = own?.["json_schema"] as JsonObject | undefined;
  const declared = { name: legalName(format.name ?? "response", NAME_LAW), schema: strict ? lowered : given, strict, ...rest };
  return { fields: { response_format: { type: "json_schema", json_schema: declared } }, instructions: [] };
}

/** The word must stand in the prompt, or the format is refused (A.2.1). */
const JSON_INSTRUCTION = "Answer with one JSON object and nothing else.";

function formatInstruction(schema: JsonObject | undefined): string {
  return schema ? `${JSON_INSTRUCTION} The JSON must be valid against this JSON schema:\n${writeJson(schema)}` : JSON_INSTRUCTION;
}
