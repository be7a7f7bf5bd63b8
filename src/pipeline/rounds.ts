/**
 * One answer out of several: an upstream may break off where it wants to be asked to go on (rules 227, 240), and the client
 * sees one answer all the same. A continuation goes on in the middle of a text, after a pause come new items.
 */
import type { Content, Finish, FinishReason, Usage } from "../chat/chat.ts";
import { Collector } from "../chat/collect.ts";
import { addUsage, mergeUsage, type ChatEvent } from "../chat/events.ts";
import type { LossLedger } from "../chat/loss.ts";
import type { OpaqueState } from "../chat/state.ts";
import type { BrokenOff } from "../protocols/protocol.ts";
import type { LaneRequest } from "./lane.ts";

/** Requests for one answer: a model that never ends would never cost less. */
const MAX_ROUNDS = 8;

/** After these there is more to be had. */
const BREAKS: ReadonlySet<FinishReason> = new Set<FinishReason>(["pause", "continuation"]);

/** Items that a continuation goes on with. */
const CONTINUED: ReadonlySet<Content["type"]> = new Set(["text", "reasoning"]);

/** What joining the rounds of one answer needs. */
export interface RoundsOptions {
  /** The request for the rest; `undefined`: it cannot be had. */
  askOn(said: BrokenOff): LaneRequest | undefined;
  /** Whether {@link RoundsOptions.askOn} wants to know the items; else none are kept. */
  readonly keepsItems: boolean;
  readonly losses: LossLedger;
}

/** Joins the events of one answer's rounds. */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #said: Collector | undefined;
  #round = 1;
  #rest: LaneRequest | undefined;
  /** Items started in all rounds. */
  #items = 0;
  /** What is added to the round's own indexes. */
  #shift = 0;
  /** The latest item: whether a continuation may go on with it, and its length in UTF-16 units. */
  #last: { readonly type: Content["type"]; readonly sealed: boolean; length: number } | undefined;
  /** The end of an item that may not have ended. */
  #heldEnd: ChatEvent | undefined;
  /** How much of the round's first item was said in earlier ones, in UTF-16 units. */
  #before = 0;
  /** Proof that came at the start of the round's first item, which goes on with an older one. */
  #proof: OpaqueState | undefined;
  #earlierUsage: Usage | undefined;
  #usage: Usage | undefined;
  #logprobs: NonNullable<Finish["logprobs"]> = [];

  constructor(options: RoundsOptions) {
    this.#options = options;
    this.#said = options.keepsItems ? new Collector() : undefined;
  }

  /** The request for the rest, once the round has broken off. */
  get rest(): LaneRequest | undefined {
    return this.#rest;
  }

  /** From here on the events are those of the answer to {@link rest}. */
  goOn(): void {
    this.#rest = undefined;
    this.#round += 1;
    this.#shift = this.#items;
    this.#before = 0;
    this.#proof = undefined;
    this.#earlierUsage = this.#usage;
  }

  /** The events to pass on in place of these; a `finish` is the last of its batch. */
  push(decoded: readonly ChatEvent[]): readonly ChatEvent[] {
    // What most batches of most answers are; how long a text is matters where it is cited, which is where tools run.
    if (this.#round === 1 && !this.#said && decoded.length === 1 && decoded[0]?.type === "delta") return decoded;
    const events = this.#round === 1 ? decoded : decoded.flatMap((event) => this.#joined(event));
    for (const event of events) this.#note(event);
    const last = events.at(-1);
    return last?.type === "finish" ? this.#finish(events, last) : events;
  }

  #note(event: ChatEvent): void {
    this.#said?.push(event);
    if (event.type === "delta") {
      if (this.#last && event.index === this.#items - 1) this.#last.length += event.text.length;
    } else if (event.type === "item-start") {
      const { item } = event;
      this.#items += 1;
      this.#last = {
        type: item.type,
        sealed: "state" in item && item.state !== undefined,
        length: "text" in item ? (item.text?.length ?? 0) : 0,
      };
    } else if (event.type === "usage") this.#usage = mergeUsage(this.#usage, event.usage);
  }

  #finish(events: readonly ChatEvent[], { finish }: Extract<ChatEvent, { type: "finish" }>): readonly ChatEvent[] {
    if (finish.logprobs) this.#logprobs = [...this.#logprobs, ...finish.logprobs];
    const before = events.slice(0, -1);
    if (BREAKS.has(finish.reason)) {
      if (this.#round < MAX_ROUNDS) this.#rest = this.#options.askOn({ finish, items: this.#said?.response().items ?? [] });
      if (this.#rest) return finish.reason === "continuation" ? this.#withoutEnd(before) : before;
      this.#options.losses.add("unfinished-answer", "answer", "semantic");
    }
    if (this.#round === 1) return events;
    const held = this.#heldEnd ? [this.#heldEnd] : [];
    return [...before, ...held, { type: "finish", finish: { ...finish, ...(this.#logprobs.length > 0 && { logprobs: this.#logprobs }) } }];
  }

  /** An item that nothing proves to be whole stays open for the rest of it. */
  #withoutEnd(events: readonly ChatEvent[]): readonly ChatEvent[] {
    const end = events.at(-1);
    if (end?.type !== "item-end" || end.state || !this.#last || this.#last.sealed || !CONTINUED.has(this.#last.type)) return events;
    this.#heldEnd = end;
    return events.slice(0, -1);
  }

  /** An event of a later round as one of the whole answer's. */
  #joined(event: ChatEvent): readonly ChatEvent[] {
    switch (event.type) {
      case "start":
        return [];
      case "usage":
        return [{ type: "usage", usage: addUsage(this.#earlierUsage, event.usage) }];
      case "item-start":
        return this.#itemStart(event);
      case "citation": {
        const { range } = event.citation;
        const before = event.index === 0 ? this.#before : 0;
        const citation = range ? { ...event.citation, range: { start: range.start + before, end: range.end + before } } : event.citation;
        return [{ ...event, index: event.index + this.#shift, citation }];
      }
      case "delta":
        return [{ ...event, index: event.index + this.#shift }];
      case "item-end": {
        const state = event.state ?? (event.index === 0 ? this.#proof : undefined);
        return [{ ...event, index: event.index + this.#shift, ...(state && { state }) }];
      }
      default:
        return [event];
    }
  }

  #itemStart(event: Extract<ChatEvent, { type: "item-start" }>): readonly ChatEvent[] {
    const held = this.#heldEnd;
    this.#heldEnd = undefined;
    const { item } = event;
    if (held && item.type === this.#last?.type && (item.type === "text" || item.type === "reasoning")) {
      this.#shift -= 1;
      this.#proof = item.state;
      this.#before = this.#last.length;
      return item.text === "" ? [] : [{ type: "delta", index: this.#shift, text: item.text }];
    }
    return [...(held ? [held] : []), { ...event, index: event.index + this.#shift }];
  }
}
