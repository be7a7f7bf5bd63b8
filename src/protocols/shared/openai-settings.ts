/** Settings that OpenAI's two protocols say in other fields and decide alike (B.0.5, C.7, C.8). */
import { createHash } from "node:crypto";
import type { ChatRequest, Effort, OutputFormat, Reasoning } from "../../chat/chat.ts";
import { writeJson, type JsonObject } from "../../chat/json.ts";
import type { LossLedger } from "../../chat/loss.ts";
import type { Profile } from "../profile.ts";
import type { EncodeTarget } from "../protocol.ts";
import { effortOfBudget, nearestEffort } from "./effort.ts";
import { legalName, type NameLaw } from "./legal-names.ts";
import { isStrict, lowerStrictSchema } from "./openai-schemas.ts";
import { recordLogprobs, recordVerbosity } from "./single-answer.ts";

/** What a model is told about its reasoning, and what it will do. */
export interface ToldEffort {
  /** Absent: it is told nothing. */
  readonly effort?: Effort;
  /** Whether it will reason. */
  readonly reasons: boolean;
}

/**
 * The effort for the model: the nearest that it has, and nothing that the caller did not ask for (rules 153, 158).
 * @param canTell whether the request has a field for it.
 */
export function effortFor(request: ChatRequest, target: EncodeTarget, canTell: (effort: Effort) => boolean): ToldEffort {
  const { profile, losses } = target;
  const control = profile.reasoning;
  const asked = askedEffort(request);
  if (control.control === "none") {
    if (asked && asked !== "none") losses.add("reasoning-unsupported", "thinking", "info");
    return { reasons: false };
  }
  const effort = asked && levelFor(asked, control.control === "level" ? control.levels : ALL_LEVELS, losses);
  if (effort !== undefined && canTell(effort)) return { effort, reasons: effort !== "none" };
  if (effort !== undefined && effort !== "none") losses.add("reasoning-effort", "thinking", "info");
  return { reasons: profile.reasonsByDefault === true };
}

const ALL_LEVELS: readonly Effort[] = ["none", "low", "medium", "high"];

/** The newest turn's effort counts, and reasoning that is off is the effort `none`. */
function askedEffort({ reasoning, turns }: ChatRequest): Effort | undefined {
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

function levelFor(asked: Effort, levels: readonly Effort[], losses: LossLedger): Effort | undefined {
  const level = nearestEffort(asked, levels);
  if (level === asked) return level;
  losses.add(asked === "none" ? "reasoning-not-disabled" : "reasoning-effort", "thinking", "info");
  return level;
}

/** Whether sampling, and looking at it, is the caller's business (rule 193). */
export function samples({ sampling }: Profile, reasons: boolean): boolean {
  return sampling === "all" || sampling === "one" || (sampling === "without-reasoning" && !reasons);
}

/** A schema of answers as it is declared: a name is demanded, and one that is not strict is refused as strict (rules 118, 216, 359). */
export function declareSchema(
  format: Extract<OutputFormat, { type: "json-schema" }>,
  law: NameLaw,
  losses: LossLedger,
): { readonly name: string; readonly schema: JsonObject; readonly strict: boolean } {
  const { $schema: _address, ...given } = format.schema;
  const lowered = format.strict === true ? lowerStrictSchema(given) : given;
  const strict = format.strict !== false && isStrict(lowered);
  if (format.strict === true && !strict) losses.add("strict-format", "output_config.format", "semantic");
  return { name: legalName(format.name ?? "response", law), schema: strict ? lowered : given, strict };
}

/** The word must stand in the prompt, or a format of JSON without a schema is refused (A.2.1). */
export const JSON_INSTRUCTION = "Answer with one JSON object and nothing else.";

/** What stands for a format that a server cannot be held to. */
export function formatInstruction(schema: JsonObject | undefined): string {
  return schema ? `${JSON_INSTRUCTION} The JSON must be valid against this JSON schema:\n${writeJson(schema)}` : JSON_INSTRUCTION;
}

/** How long the answer is to be, where server and model can be told (rule 206). @param canTell whether the server can. */
export function verbosityFor(request: ChatRequest, canTell: boolean, { profile, losses }: EncodeTarget): ChatRequest["verbosity"] {
  if (canTell && profile.verbosity !== false) return request.verbosity;
  recordVerbosity(request, losses);
  return undefined;
}

/** The probabilities of tokens that are wanted; asking for them is refused where sampling is (rule 193). */
export function logprobsFor(request: ChatRequest, reasons: boolean, { profile, losses }: EncodeTarget): ChatRequest["logprobs"] {
  if (samples(profile, reasons)) return request.logprobs;
  recordLogprobs(request, losses);
  return undefined;
}

/** Where a server can be told who is asking. */
interface IdentityFields {
  readonly endUserField?: string;
  readonly promptCacheKey: boolean;
}

/** Who is asking, hashed: what clients say of that tells accounts and sessions (rules 203, 430). */
export function encodeIdentity(
  { endUser, cacheKey }: ChatRequest,
  { endUserField, promptCacheKey }: IdentityFields,
  losses: LossLedger,
): JsonObject {
  if (endUser !== undefined && endUserField === undefined) losses.add("end-user", "metadata.user_id", "info");
  if (cacheKey !== undefined && !promptCacheKey) losses.add("cache-mark", "prompt_cache_key", "info");
  return {
    ...(endUser !== undefined && endUserField !== undefined && { [endUserField]: hashed(endUser) }),
    ...(cacheKey !== undefined && promptCacheKey && { prompt_cache_key: hashed(cacheKey) }),
  };
}

/** 64 characters, which every such field takes. */
function hashed(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
