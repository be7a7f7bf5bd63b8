/** Gives a model what it has said as the beginning of its answer, where going on from there is sure to make one answer of both. */
import { estimateTokenCount } from "tokenx";
import type { ChatRequest, Item } from "../chat/chat.ts";
import type { Profile } from "../protocols/profile.ts";
import type { SaidItem } from "./said.ts";

/** A request that is to be gone on with. */
export interface Prefill {
  readonly request: ChatRequest;
  /** All that the client has. */
  readonly text: string;
  /** How much of it the model is given, in UTF-16 units: providers refuse a beginning that ends in spaces (rule 33). */
  readonly given: number;
}

/** The request with what was said at its end; `undefined` where another model than this, or none, could be sure to go on from there. */
export function prefillOf(request: ChatRequest, said: readonly SaidItem[], profile: Profile): Prefill | undefined {
  const [only, ...others] = said;
  // Behind reasoning or a call, or inside one, nobody can be made to go on.
  if (only?.item.type !== "text" || others.length > 0 || only.ended || only.item.state || only.citations.length > 0) return undefined;
  const { text } = only;
  const beginning = text.trimEnd();
  if (beginning === "" || mayReason(request, profile) || !takesBeginning(request, text)) return undefined;
  const turn = request.turns.length;
  const item: Item = { type: "text", text: beginning, turn, path: "answer" };
  const { maxOutputTokens: most } = request;
  return {
    request: {
      ...request,
      turns: [...request.turns, { role: "assistant" }],
      items: [...request.items, item],
      continuesLastTurn: true,
      ...(most !== undefined && { maxOutputTokens: Math.max(1, most - estimateTokenCount(text)) }),
    },
    text,
    given: beginning.length,
  };
}

/** Whether the model might think before it goes on: what it was given is then not the beginning of its answer. */
function mayReason({ reasoning, turns }: ChatRequest, profile: Profile): boolean {
  const { reasoning: control, reasonsByDefault, thinkingForms } = profile;
  if (control.control === "none") return false;
  const { mode, effort = turns.findLast((turn) => turn.effort !== undefined)?.effort, budgetTokens } = reasoning ?? {};
  if (mode === "off" || (mode === undefined && effort === "none")) {
    const off = control.control === "budget" ? control.off : control.levels.includes("none");
    return !off && !thinkingForms.includes("disabled");
  }
  return mode !== undefined || effort !== undefined || budgetTokens !== undefined || reasonsByDefault !== false;
}

/** Whether the request leaves the beginning of its answer free, and what it asks of the whole holds for the rest alone. */
function takesBeginning(request: ChatRequest, text: string): boolean {
  const { turns, outputFormat, logprobs, toolChoice, stop = [] } = request;
  if (turns.at(-1)?.role === "assistant" || outputFormat || logprobs) return false;
  if (toolChoice && toolChoice.mode !== "auto" && toolChoice.mode !== "none") return false;
  return !stop.some((sequence) => endsInBeginningOf(sequence, text));
}

/** Whether a stop sequence may have begun in what was said: the rest alone would not show it. */
function endsInBeginningOf(sequence: string, text: string): boolean {
  for (let length = Math.min(sequence.length - 1, text.length); length > 0; length -= 1)
    if (text.endsWith(sequence.slice(0, length))) return true;
  return false;
}
