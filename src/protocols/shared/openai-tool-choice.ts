/** The choice among tools, which OpenAI's two protocols say in other words and decide alike (B.0.4; rules 81, 85–87, 209). */
import type { ChatRequest, ToolChoice } from "../../chat/chat.ts";
import type { JsonObject } from "../../chat/json.ts";
import type { LossLedger } from "../../chat/loss.ts";
import type { EncodeTarget } from "../protocol.ts";

/** How a protocol and its server say a choice. */
export interface ChoiceWords {
  /** Names one tool; `undefined` for one that is not declared. */
  readonly reference: (name: string) => JsonObject | undefined;
  /** Names several; absent: that cannot be said. */
  readonly allowed?: (mode: "auto" | "required", tools: readonly JsonObject[]) => JsonObject;
}

/** @param reasons whether the model will reason, beside which some cannot be made to call (rule 87). */
export function encodeToolChoice(
  { toolChoice: choice }: ChatRequest,
  reasons: boolean,
  { profile, losses }: EncodeTarget,
  words: ChoiceWords,
): JsonObject {
  if (!choice) return {};
  const demands = choice.mode === "required" || choice.mode === "tool" || (choice.mode === "subset" && choice.required);
  if (demands && (profile.forcedToolChoice === "never" || (profile.forcedToolChoice === "without-reasoning" && reasons))) {
    losses.add("tool-choice", "tool_choice", "semantic");
    return { tool_choice: "auto" };
  }
  switch (choice.mode) {
    case "auto":
    case "none":
    case "required":
      return { tool_choice: choice.mode };
    case "tool": {
      const named = words.reference(choice.name);
      if (!named) losses.add("tool-choice", "tool_choice", "contract");
      return named ? { tool_choice: named } : {};
    }
    case "subset":
      return encodeSubset(choice, words, losses);
  }
}

/** Some tools of those declared, which only newer servers can be told. */
function encodeSubset(
  { required, names }: Extract<ToolChoice, { mode: "subset" }>,
  { reference, allowed }: ChoiceWords,
  losses: LossLedger,
): JsonObject {
  const known = names.map(reference).filter((named) => named !== undefined);
  if (known.length < names.length) losses.add("tool-choice", "tool_choice", known.length === 0 && required ? "contract" : "semantic");
  const mode = required ? "required" : "auto";
  if (known.length === 0) return { tool_choice: "auto" };
  if (allowed) return { tool_choice: allowed(mode, known) };
  const [only, ...others] = known;
  if (required && only && others.length === 0) return { tool_choice: only };
  losses.add("tool-choice", "tool_choice", "semantic");
  return { tool_choice: mode };
}

/** Without tools a choice among them is refused (rules 85, 209). @param hosted whether there is one of another kind. */
export function recordChoice({ toolChoice: choice }: ChatRequest, hosted: boolean, losses: LossLedger): void {
  if (choice && choice.mode !== "auto" && choice.mode !== "none")
    losses.add("tool-choice", "tool_choice", hosted ? "semantic" : "contract");
}

/** Whether several calls may be made at once. @param canTell whether the server has a field for it. */
export function encodeParallel({ parallelToolCalls, toolChoice }: ChatRequest, canTell: boolean, losses: LossLedger): JsonObject {
  // Without calls there is nothing to keep apart (rule 81).
  if (parallelToolCalls === undefined || toolChoice?.mode === "none") return {};
  if (canTell) return { parallel_tool_calls: parallelToolCalls };
  if (!parallelToolCalls) losses.add("parallel-tool-calls", "tool_choice", "semantic");
  return {};
}
