/** Efforts of reasoning, and the budgets of tokens that stand for them (dossier B.0.5). */
import type { Effort } from "../../chat/chat.ts";

/** Every effort, the least first. */
export const EFFORTS: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/** Whether `effort` is less than `other`. */
export function isLess(effort: Effort, other: Effort): boolean {
  return EFFORTS.indexOf(effort) < EFFORTS.indexOf(other);
}

/** The effort that a budget stands for. @param tokens none when not above 0. */
export function effortOfBudget(tokens: number): Effort {
  if (tokens <= 0) return "none";
  if (tokens <= 512) return "minimal";
  if (tokens <= 1024) return "low";
  if (tokens <= 8192) return "medium";
  return tokens <= 24_576 ? "high" : "xhigh";
}

/** The level itself, else the nearest lower one, else the lowest there is (rule 158). `none` is never a substitute. */
export function nearestEffort(effort: Effort, levels: readonly Effort[]): Effort | undefined {
  if (levels.includes(effort)) return effort;
  const real = levels.filter((level) => level !== "none");
  return real.findLast((level) => isLess(level, effort)) ?? real[0];
}
