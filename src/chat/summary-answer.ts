/** Makes of an answer the summary that was asked for: one compaction that says what the model wrote, or a failure (rule 399). */
import type { Content, Finish } from "./chat.ts";
import { GatewayError } from "./error.ts";
import type { ChatEvent } from "./events.ts";
import type { LossLedger } from "./loss.ts";
import { fitsEnvelope, type OpaqueState } from "./state.ts";

/** What makes up a summary: the words of a model that was asked in words, or its provider's own form of one. */
const SUMMARY_TYPES: ReadonlySet<Content["type"]> = new Set<Content["type"]>(["text", "compaction"]);

/** What no answer is made of that only sums up. */
const MISPLACED: ReadonlySet<Content["type"]> = new Set<Content["type"]>(["tool-call", "refusal"]);

/** Endings of an answer that is whole. */
const WHOLE: ReadonlySet<Finish["reason"]> = new Set<Finish["reason"]>(["stop", "stop-sequence", "compaction", "other"]);

/**
 * A filter over the events of one answer. The compaction opens with whatever the model begins with, so that its reasoning, of
 * which nothing is told, counts as a beginning. A conversation must not be given up for half a summary, or for none: then it
 * ends in an error, and nothing is passed on after that.
 */
export class SummaryAnswer {
  readonly #losses: LossLedger;
  /** Items that are a part of the summary. */
  readonly #parts = new Set<number>();
  #state: OpaqueState | undefined;
  #text = "";
  #open = false;
  #failed = false;

  constructor(losses: LossLedger) {
    this.#losses = losses;
  }

  /** The events to pass on in place of this one. */
  push(event: ChatEvent): readonly ChatEvent[] {
    if (this.#failed) return [];
    switch (event.type) {
      case "item-start":
        return this.#start(event.index, event.item);
      case "delta":
        return this.#parts.has(event.index) ? this.#say(event.text) : [];
      case "item-end":
        if (this.#parts.has(event.index)) this.#keep(event.state);
        return [];
      case "citation":
        return [];
      case "finish":
        return this.#end(event.finish);
      default:
        return [event];
    }
  }

  #start(index: number, item: Content): readonly ChatEvent[] {
    if (MISPLACED.has(item.type)) return this.#fail(`${item.type === "refusal" ? "refused" : "called a tool"} instead`);
    const opening: readonly ChatEvent[] = this.#open ? [] : [{ type: "item-start", index: 0, item: { type: "compaction" } }];
    this.#open = true;
    if (!SUMMARY_TYPES.has(item.type)) {
      if (item.type !== "reasoning") this.#losses.add("answer-content", `answer.${item.type}`, "semantic");
      return opening;
    }
    this.#parts.add(index);
    if (item.type === "compaction") this.#keep(item.state);
    return [...opening, ...this.#say("text" in item ? (item.text ?? "") : "")];
  }

  #say(text: string): readonly ChatEvent[] {
    this.#text += text;
    return text === "" ? [] : [{ type: "delta", index: 0, text }];
  }

  /** What proves a text proves no summary. */
  #keep(state: OpaqueState | undefined): void {
    if (state?.kind === "compaction") this.#state = state;
  }

  #end(finish: Finish): readonly ChatEvent[] {
    if (!WHOLE.has(finish.reason)) return this.#fail(`broke off (${finish.reason})`);
    if (this.#text.trim() === "" && !this.#state) return this.#fail("wrote nothing");
    if (!fitsEnvelope(this.#text)) return this.#fail("wrote more than can be kept");
    const state = this.#state;
    return [
      { type: "item-end", index: 0, ...(state && { state }) },
      { type: "finish", finish: { ...finish, reason: "compaction" } },
    ];
  }

  #fail(how: string): readonly ChatEvent[] {
    this.#failed = true;
    const message = `The model was asked for a summary of the conversation and ${how}.`;
    return [{ type: "error", error: new GatewayError("upstream", message, { modelSlipped: true }) }];
  }
}
