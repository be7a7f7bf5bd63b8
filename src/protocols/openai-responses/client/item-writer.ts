/**
 * Begins the items of an answer and ends them. One that has ended is done when the next begins, because only the end of the
 * answer tells whether it was cut in the middle of the last one (rule 88), and because what follows may have state that the
 * reasoning before it is to carry.
 */
import type { Finish } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { OpaqueState, StateBinding } from "../../../chat/state.ts";
import { MessageItem, type MessagePart } from "./message-item.ts";
import type { Output, OutputItem } from "./output.ts";
import { ReasoningItem } from "./reasoning-item.ts";

export class ItemWriter {
  readonly output: Output;
  /** Items that have ended and are not done, in their order. */
  #ended: OutputItem[] = [];
  /** The message that more may be said in: nothing else has begun behind it. */
  #message: MessageItem | undefined;

  constructor(output: Output) {
    this.output = output;
  }

  /**
   * The next item is about to begin: those that have ended are done.
   * @param state what the next one brings that is to stand before it.
   */
  settle(state?: OpaqueState, binds: StateBinding = "self"): void {
    const last = this.#ended.at(-1);
    const takes = state && last instanceof ReasoningItem && last === this.output.last && !last.isSealed;
    if (takes) last.seal(state, binds);
    for (const item of this.#ended) item.close("completed");
    this.#ended = [];
    this.#message = undefined;
    if (state && !takes) this.#carry(state, binds);
  }

  /** Nothing more comes of the item. */
  ended(item: OutputItem): void {
    this.#ended.push(item);
  }

  /** Begins a text or a refusal. @param own what its item says beside it. */
  say(type: MessagePart["type"], state: OpaqueState | undefined, own: JsonObject): MessagePart {
    if (!this.#message || this.#message !== this.output.last || state) {
      this.settle(state, "next-text");
      this.#message = new MessageItem(this.output, own);
      this.#ended.push(this.#message);
    }
    return this.#message.begin(type);
  }

  /** State that nothing follows. */
  carryAlone(state: OpaqueState): void {
    this.settle();
    this.#carry(state, "alone");
  }

  /** The answer is over. @param running calls of which nothing came. */
  end(finish: Finish, running: readonly OutputItem[]): void {
    const part = this.#message === this.output.last ? this.#message?.part : undefined;
    if (finish.logprobs && part?.type === "output_text") part.score(finish.logprobs);
    else if (finish.logprobs) this.output.context.losses.add("answer-content", "answer.logprobs", "semantic");
    const cut = CUT.has(finish.reason);
    for (const item of [...running, ...this.#ended]) item.close(cut && item.isCut(item === this.output.last) ? "incomplete" : "completed");
    this.#ended = [];
  }

  /** State in an item without words. */
  #carry(state: OpaqueState, binds: StateBinding): void {
    const carrier = new ReasoningItem(this.output);
    carrier.seal(state, binds);
    carrier.close("completed");
  }
}

/** Reasons after which the last item may be half of itself. */
const CUT: ReadonlySet<Finish["reason"]> = new Set<Finish["reason"]>(["length", "context-full", "continuation", "content-filter"]);
