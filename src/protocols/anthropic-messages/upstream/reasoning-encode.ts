/** What a request says about reasoning, as the target model takes it (A.1.5, B.0.5; rules 87, 147–154, 158). */
import type { Effort, Reasoning } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { effortOfBudget, isLess, nearestEffort } from "../../shared/effort.ts";
import type { Profile } from "../../profile.ts";
import type { EncodeTarget } from "../../protocol.ts";

/** Tokens an effort stands for on models with budgets (B.0.5). `max` is whatever the model allows. */
const BUDGETS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: Number.MAX_SAFE_INTEGER,
};

/** The smallest budget the wire takes (A.1.2). */
const MIN_BUDGET = 1024;

export interface EncodedReasoning {
  readonly thinking?: JsonObject;
  readonly effort?: Effort;
}

/** What a conversation says about the request to come. */
export interface ThinkingHistory {
  /** Whether something in the request forbids thinking this once: a forced tool, calls without it (rules 87, 147). */
  readonly barred: boolean;
  /** Whether thinking is replayed. */
  readonly replayed: boolean;
}

/**
 * A request that gives an effort and no mode gets its effort and the model's own way of thinking; a decoder whose
 * protocol turns thinking on with an effort sets the mode. What nobody said is not sent (rule 153).
 */
export function encodeReasoning(
  asked: Reasoning | undefined,
  maxTokens: number,
  history: ThinkingHistory,
  target: EncodeTarget,
): EncodedReasoning {
  const { profile, losses } = target;
  const shown = profile.progressAsThinking ? { show: true, ...asked } : asked;
  const encoded = shown ? encodeAsked(shown, maxTokens, target) : {};
  if (history.barred && reasons(encoded, profile) && profile.thinkingForms.includes("disabled")) {
    losses.add("reasoning-off", "thinking", encoded.thinking ? "semantic" : "info");
    const effort = encoded.effort && ceiling(encoded.effort, profile);
    return { ...(profile.reasonsByDefault && { thinking: { type: "disabled" } }), ...(effort && { effort }) };
  }
  return history.replayed && profile.bindsThinking ? dropUnbound(encoded, profile) : encoded;
}

/** Clients of other protocols do not keep what thinking is bound to, nor can they mend it: what no longer fits is dropped (rule 128). */
function dropUnbound(encoded: EncodedReasoning, profile: Profile): EncodedReasoning {
  const thinking = encoded.thinking ?? (profile.reasonsByDefault ? { type: "adaptive" } : undefined);
  if (thinking?.["type"] !== "adaptive") return encoded;
  return { ...encoded, thinking: { ...thinking, block_binding: { prefix_mismatch_behavior: "drop_block" } } };
}

/** Whether the model will reason on this. */
export function reasons({ thinking }: EncodedReasoning, profile: Profile): boolean {
  if (thinking === undefined) return profile.reasonsByDefault === true;
  return thinking["type"] === "enabled" || thinking["type"] === "adaptive";
}

function encodeAsked(asked: Reasoning, maxTokens: number, target: EncodeTarget): EncodedReasoning {
  const { profile, losses } = target;
  const off = asked.mode === "off" || (asked.mode === undefined && asked.effort === "none");
  if (profile.reasoning.control === "none") {
    if (!off) losses.add("reasoning-unsupported", "thinking", "info");
    return {};
  }
  if (off) return encodeOff(asked, target);
  return profile.reasoning.control === "budget"
    ? encodeBudget(asked, profile.reasoning, maxTokens, target)
    : encodeLevel(asked, profile.reasoning.levels, target);
}

/** The first of the ways to think least that the model has (B.0.5). */
function encodeOff(asked: Reasoning, { profile, losses }: EncodeTarget): EncodedReasoning {
  const { effort } = asked;
  const kept = effort && effort !== "none" ? { effort: ceiling(effort, profile) } : {};
  if (kept.effort !== undefined && kept.effort !== effort) losses.add("reasoning-effort", "thinking", "info");
  if (profile.thinkingForms.includes("disabled")) return { thinking: { type: "disabled" }, ...kept };
  losses.add("reasoning-not-disabled", "thinking", "info");
  if (profile.thinkingForms.includes("between_tools")) return { thinking: { type: "between_tools" }, ...kept };
  const lowest = profile.reasoning.control === "level" ? profile.reasoning.levels.find((level) => level !== "none") : undefined;
  return { ...adaptive(asked, profile), ...(lowest && { effort: lowest }) };
}

/** No more effort than the model takes while it does not think (rules 151, 152). */
function ceiling(effort: Effort, { maxEffortWithoutThinking: max }: Profile): Effort {
  return max !== undefined && isLess(max, effort) ? max : effort;
}

function encodeBudget(
  asked: Reasoning,
  bounds: { min: number; max: number },
  maxTokens: number,
  { losses }: EncodeTarget,
): EncodedReasoning {
  if (asked.mode === undefined && asked.effort === undefined && asked.budgetTokens === undefined) return {};
  const wanted = asked.budgetTokens ?? BUDGETS[asked.effort ?? "medium"];
  const budget = Math.min(Math.max(wanted, bounds.min), bounds.max, maxTokens - 1);
  if (budget < MIN_BUDGET) {
    losses.add("reasoning-budget-too-small", "thinking.budget_tokens", "semantic");
    return {};
  }
  if (asked.budgetTokens !== undefined && budget !== wanted) losses.add("reasoning-effort", "thinking", "info");
  return { thinking: { type: "enabled", budget_tokens: budget, ...display(asked) } };
}

function encodeLevel(asked: Reasoning, levels: readonly Effort[], { profile, losses }: EncodeTarget): EncodedReasoning {
  const wanted = asked.effort ?? (asked.budgetTokens === undefined ? undefined : effortOfBudget(asked.budgetTokens));
  const nearest = wanted && nearestEffort(wanted, levels);
  const between = asked.mode === "between-tools" && profile.thinkingForms.includes("between_tools");
  const effort = nearest && between ? ceiling(nearest, profile) : nearest;
  // A budget is no effort, even where one stands for the other (rule 150).
  if (effort !== wanted || asked.budgetTokens !== undefined) losses.add("reasoning-effort", "thinking", "info");
  const level = effort === undefined ? {} : { effort };
  if (between) return { thinking: { type: "between_tools" }, ...level };
  // Where it thinks anyway, how that is shown can be said without changing anything else (rule 167).
  const shown = asked.mode !== undefined || (asked.show !== undefined && profile.reasonsByDefault === true);
  return { ...(shown && adaptive(asked, profile)), ...level };
}

/** Thinking as much as the model likes, by a model that knows the word. */
function adaptive(asked: Reasoning, { thinkingForms }: Profile): EncodedReasoning {
  return thinkingForms.includes("adaptive") ? { thinking: { type: "adaptive", ...display(asked) } } : {};
}

function display({ show }: Reasoning): JsonObject {
  return show === undefined ? {} : { display: show ? "summarized" : "omitted" };
}
