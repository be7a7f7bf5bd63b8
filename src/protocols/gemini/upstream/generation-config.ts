/** Limits, sampling, reasoning and the form of the answer (dossier A.4.2, B.0.5, C.7, C.8). */
import type { ChatRequest, Effort, Reasoning } from "../../../chat/chat.ts";
import { writeJson, type JsonObject } from "../../../chat/json.ts";
import type { LossLedger } from "../../../chat/loss.ts";
import { effortOfBudget, isLess } from "../../shared/effort.ts";
import type { Profile } from "../../profile.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { splitStops } from "../../shared/stop-sequences.ts";
import { cleanSchema } from "./schema.ts";

/** `generationConfig`, and what has to be said as an instruction because there is no field for it. */
export interface EncodedGeneration {
  readonly generationConfig?: JsonObject;
  readonly instructions: readonly string[];
}

/** @param withTools whether any tool is offered, beside which older models take no JSON format (rule 214). */
export function encodeGeneration(request: ChatRequest, withTools: boolean, target: EncodeTarget): EncodedGeneration {
  const { profile, losses } = target;
  const format = encodeFormat(request, withTools, target);
  const config: JsonObject = {
    maxOutputTokens: encodeLimit(request.maxOutputTokens, profile, losses),
    ...encodeSampling(request, profile, losses),
    stopSequences: splitStops(request, profile).sent,
    ...encodeLogprobs(request),
    ...format.config,
    thinkingConfig: encodeThinking(request, profile, losses),
  };
  const generationConfig = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  return { ...(Object.keys(generationConfig).length > 0 && { generationConfig }), instructions: format.instructions };
}

/** Never 0, which only warms a cache (rule 189), and never more than the model can write (rule 188). */
function encodeLimit(asked: number | undefined, { maxOutputTokens }: Profile, losses: LossLedger): number | undefined {
  if (asked === undefined) return undefined;
  const limit = Math.min(Math.max(asked, 1), maxOutputTokens ?? asked);
  if (limit !== asked) losses.add("max-output-tokens", "max_tokens", "info");
  return Math.max(limit, 1);
}

function encodeSampling({ sampling }: ChatRequest, profile: Profile, losses: LossLedger): JsonObject {
  const { temperature, topP, topK, seed, presencePenalty, frequencyPenalty } = sampling;
  const given: JsonObject = { temperature, topP, topK, seed, presencePenalty, frequencyPenalty };
  if (profile.sampling !== "none") return given;
  for (const [name, value] of Object.entries(given)) if (value !== undefined) losses.add("sampling-ignored", name, "semantic");
  return {};
}

/** The wire counts the alternatives only where there are any. */
function encodeLogprobs({ logprobs }: ChatRequest): JsonObject {
  if (!logprobs) return {};
  return { responseLogprobs: true, ...(logprobs.alternatives > 0 && { logprobs: logprobs.alternatives }) };
}

function encodeFormat(
  { outputFormat }: ChatRequest,
  withTools: boolean,
  { profile, losses }: EncodeTarget,
): { config: JsonObject; instructions: readonly string[] } {
  if (!outputFormat) return { config: {}, instructions: [] };
  if (outputFormat.type === "json-schema" && outputFormat.name !== undefined)
    losses.add("output-format-name", "output_config.format.name", "info");
  const lowered = outputFormat.type === "json-schema" ? cleanSchema(outputFormat.schema) : undefined;
  if (withTools && !profile.jsonOutputWithFunctions) {
    losses.add("output-format-beside-tools", "output_config.format", "semantic");
    return { config: {}, instructions: [formatInstruction(lowered?.schema)] };
  }
  if (lowered && !profile.jsonSchemaOutput) {
    losses.add("output-format-emulated", "output_config.format", "info");
    return { config: { responseMimeType: "application/json" }, instructions: [formatInstruction(lowered.schema)] };
  }
  if (lowered?.worded === true) losses.add("schema-keyword", "output_config.format.schema", "info");
  return { config: { responseMimeType: "application/json", ...(lowered && { responseJsonSchema: lowered.schema }) }, instructions: [] };
}

function formatInstruction(schema: JsonObject | undefined): string {
  const base = "When you give your final answer, answer with JSON only, without any other text or code fence.";
  return schema ? `${base} The JSON must be valid against this JSON schema:\n${writeJson(schema)}` : base;
}

/** Never both a budget and a level (rule 155); nothing that the caller did not ask for (rule 153). */
function encodeThinking(request: ChatRequest, profile: Profile, losses: LossLedger): JsonObject | undefined {
  const perTurn = request.turns.findLast((turn) => turn.effort !== undefined)?.effort;
  const reasoning = effective(request.reasoning, perTurn);
  if (!reasoning) return undefined;
  const control = profile.reasoning;
  if (control.control === "none") {
    if (reasoning.effort !== "none") losses.add("reasoning-unsupported", "thinking", "info");
    return undefined;
  }
  const amount: JsonObject =
    control.control === "budget"
      ? { thinkingBudget: budgetFor(reasoning, control, losses) }
      : { thinkingLevel: levelFor(reasoning, control.levels, losses)?.toUpperCase() };
  // Models with an on switch show what they think; thoughts of a model that does not think are refused (dossier A.1.5).
  const show = (reasoning.show ?? reasoning.mode === "on") && amount["thinkingBudget"] !== 0;
  const config = { ...(show && { includeThoughts: true }), ...amount };
  const said = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  return Object.keys(said).length > 0 ? said : undefined;
}

/** What was asked, reasoning that is off as the effort `none`. */
function effective(reasoning: Reasoning | undefined, perTurn: Effort | undefined): Reasoning | undefined {
  if (reasoning?.mode === "off") return { effort: "none" };
  const effort = perTurn ?? reasoning?.effort ?? (reasoning?.mode === "between-tools" ? "low" : undefined);
  return effort === undefined ? reasoning : { ...reasoning, effort };
}

/** Dossier B.0.5; `max` stands for all the model has. */
const EFFORT_BUDGETS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 512,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: Number.POSITIVE_INFINITY,
  max: Number.POSITIVE_INFINITY,
};

/** The model decides by itself. */
const DYNAMIC_BUDGET = -1;

function budgetFor(
  { mode, effort, budgetTokens }: Reasoning,
  { min, max, off }: Extract<Profile["reasoning"], { control: "budget" }>,
  losses: LossLedger,
): number | undefined {
  const asked = effort === "none" ? 0 : (budgetTokens ?? (effort === undefined ? undefined : EFFORT_BUDGETS[effort]));
  if (asked === undefined) return mode === undefined ? undefined : DYNAMIC_BUDGET;
  if (asked <= 0 && off) return 0;
  const budget = Math.min(Math.max(asked, min), max);
  if (asked <= 0) losses.add("reasoning-not-disabled", "thinking", "info");
  else if (budget !== asked && Number.isFinite(asked)) losses.add("reasoning-effort", "thinking", "info");
  return budget;
}

/** The level asked for, else the next higher one the model has, else its highest (rule 157). */
function levelFor({ effort, budgetTokens }: Reasoning, levels: readonly Effort[], losses: LossLedger): Effort | undefined {
  const asked = effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens));
  if (asked === undefined) return undefined;
  const level = levels.find((candidate) => !isLess(candidate, asked)) ?? levels.at(-1);
  if (asked === "none" && level !== "none") losses.add("reasoning-not-disabled", "thinking", "info");
  else if (level !== asked) losses.add("reasoning-effort", "thinking", "info");
  return level;
}
