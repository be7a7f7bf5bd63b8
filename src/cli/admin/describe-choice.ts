/** A choice that was played through, in words. */
import type { ExpectedOutcome, ExplainedStep, ExplainedTarget, Explanation } from "../../http/admin/explain.ts";
import { columns, passedOverCells, shortDuration } from "./words.ts";

/** With a line break at the end. */
export function describeChoice(explanation: Explanation): string {
  const { model, key, protocol, session, loss, outcome, steps } = explanation;
  const asked = [
    ...(key === undefined ? [] : [`key ${key}`]),
    ...(protocol === undefined ? [] : [`a client of ${protocol}`]),
    ...(session === undefined ? [] : [`session ${session}`]),
    ...(loss === "default" ? [] : [`loss ${loss}`]),
  ];
  const heading = asked.length === 0 ? model : `${model}  (${asked.join(", ")})`;
  return `${heading}\n  ${describeOutcome(outcome)}\n\n${steps.map((step, index) => describeStep(step, index, outcome)).join("\n")}`;
}

function describeOutcome(outcome: ExpectedOutcome): string {
  switch (outcome.type) {
    case "served":
      return `goes to ${outcome.target} with ${outcome.credential}${laneOf(outcome)}`;
    case "waits":
      return `waits for a credential of step ${outcome.step} to become free`;
    case "refused": {
      const again = outcome.retryAfterMs === undefined ? "" : ` Again in ${shortDuration(outcome.retryAfterMs)}.`;
      return `is refused (${outcome.kind}): ${outcome.message}${again}`;
    }
  }
}

function laneOf({ lane, protocol }: ExplainedTarget): string {
  if (lane === undefined) return "";
  return lane === "relay" ? ", relayed" : `, translated to ${protocol}`;
}

function describeStep(step: ExplainedStep, index: number, outcome: ExpectedOutcome): string {
  const { targets, strategy, on, reached, chosen, affinity, passedOver } = step;
  const notes = [
    strategy,
    ...(on ? [`on ${on.join(", ")}`] : []),
    ...(affinity === undefined ? [] : [`conversation: ${affinity}`]),
    ...(reached || outcome.type === "refused" ? [] : ["not needed"]),
  ];
  const names = targets.map((target) => `${target.target}${laneOf(target)}`).join(" or ");
  const lines = [
    ...(chosen ? [["→", chosen.target, chosen.credential, reached ? "chosen" : "would be chosen"]] : []),
    ...passedOver.map((passed) => ["", ...passedOverCells(passed)]),
  ];
  return `step ${index + 1}  ${names}  (${notes.join("; ")})\n${lines.length === 0 ? "  no credentials" : columns(lines)}\n`;
}
