/** What a request says about reasoning, as the target model takes it (A.1.5, B.0.5; rules 149–153, 158). */
import type { Effort, Reasoning } from "../../chat/chat.ts";
import type { JsonObject } from "../../chat/json.ts";
import type { LossLedger } from "../../chat/loss.ts";
import type { EncodeTarget } from "../protocol.ts";

const ORDER: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

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

/**
 * A request that gives an effort and no mode gets its effort and the model's own way of thinking; a decoder whose
 * protocol turns thinking on with an effort sets the mode.
 */
export function encodeReasoning(reasoning: Reasoning | undefined, maxTokens: number, target: EncodeTarget): EncodedReasoning {
  const { profile, losses } = target;
  if (!reasoning) return {};
  const off = reasoning.mode === "off" || (reasoning.mode === undefined && reasoning.effort === "none");
  switch (profile.reasoning.control) {
    case "none":
      if (!off) losses.add("reasoning-unsupported", "thinking", "info");
      return {};
    case "budget":
      if (!off) return encodeBudget(reasoning, profile.reasoning, maxTokens, losses);
      if (profile.reasoning.off) return { thinking: { type: "disabled" } };
      losses.add("reasoning-not-disabled", "thinking", "info");
      return encodeBudget({ mode: "on", budgetTokens: profile.reasoning.min }, profile.reasoning, maxTokens, losses);
    case "level":
      return encodeLevel(reasoning, off, profile.reasoning.levels, losses);
  }
}

function encodeBudget(reasoning: Reasoning, bounds: { min: number; max: number }, maxTokens: number, losses: LossLedger): EncodedReasoning {
  const wanted = reasoning.budgetTokens ?? BUDGETS[reasoning.effort ?? "medium"];
  const budget = Math.min(Math.max(wanted, bounds.min), bounds.max, maxTokens - 1);
  if (budget < MIN_BUDGET) {
    losses.add("reasoning-budget-too-small", "thinking.budget_tokens", "semantic");
    return {};
  }
  if (reasoning.budgetTokens !== undefined && budget !== wanted) losses.add("reasoning-effort", "thinking", "info");
  return { thinking: { type: "enabled", budget_tokens: budget, ...display(reasoning) } };
}

function encodeLevel(reasoning: Reasoning, off: boolean, levels: readonly Effort[], losses: LossLedger): EncodedReasoning {
  if (off && levels.includes("none")) return { thinking: { type: "disabled" } };
  if (off) {
    losses.add("reasoning-not-disabled", "thinking", "info");
    return lowest(levels);
  }
  const wanted = reasoning.effort ?? (reasoning.budgetTokens === undefined ? undefined : effortForBudget(reasoning.budgetTokens));
  const effort = wanted && nearest(wanted, levels);
  if (effort !== wanted) losses.add("reasoning-effort", "thinking", "info");
  const level = effort === undefined ? {} : { effort };
  if (reasoning.mode === undefined) return level;
  if (reasoning.mode === "between-tools") return { thinking: { type: "between_tools" }, ...level };
  return { thinking: { type: "adaptive", ...display(reasoning) }, ...level };
}

function lowest(levels: readonly Effort[]): EncodedReasoning {
  const [effort] = levels;
  return { thinking: { type: "adaptive" }, ...(effort && { effort }) };
}

/** The reverse of the table, by its thresholds (B.0.5). */
function effortForBudget(budget: number): Effort {
  if (budget <= 512) return "minimal";
  if (budget <= 1024) return "low";
  if (budget <= 8192) return "medium";
  return budget <= 24_576 ? "high" : "xhigh";
}

/** The level itself, the nearest lower one, or the lowest there is (rule 158). */
function nearest(effort: Effort, levels: readonly Effort[]): Effort | undefined {
  const rank = ORDER.indexOf(effort);
  return levels.filter((level) => level !== "none" && ORDER.indexOf(level) <= rank).at(-1) ?? levels.find((level) => level !== "none");
}

function display({ show }: Reasoning): JsonObject {
  return show === undefined ? {} : { display: show ? "summarized" : "omitted" };
}
