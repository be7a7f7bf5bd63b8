/**
 * Joins another attempt's answer to what the client already has. Nothing that the client has is said again, and nothing is
 * passed on that does not follow from it: where the new answer says anything else, it ends there.
 */
import type { Citation, Content } from "../chat/chat.ts";
import type { ChatEvent } from "../chat/events.ts";
import { textOf, type SaidItem } from "./said.ts";

const NOTHING: readonly ChatEvent[] = [];

type ItemEvent = Extract<ChatEvent, { readonly index: number }>;
type FinishEvent = Extract<ChatEvent, { readonly type: "finish" }>;

/** A filter over the events of the new answer; errors are not for it. */
export abstract class Continuation {
  #diverged = false;

  /** Whether the new answer is another than the one that the client has begun to read: nothing of it is passed on any more. */
  get diverged(): boolean {
    return this.#diverged;
  }

  /** The events to pass on in place of this one, in the client's own count of items. */
  push(event: ChatEvent): readonly ChatEvent[] {
    if (this.#diverged) return NOTHING;
    switch (event.type) {
      case "start":
      case "error":
        return NOTHING;
      case "ping":
      case "usage":
        return [event];
      case "finish":
        return this.finish(event);
      default:
        return this.item(event);
    }
  }

  protected abstract finish(event: FinishEvent): readonly ChatEvent[];

  protected abstract item(event: ItemEvent): readonly ChatEvent[];

  protected diverge(): readonly ChatEvent[] {
    this.#diverged = true;
    return NOTHING;
  }
}

/** What the client has of an item, and how much of it the new answer has said. */
interface Expected extends SaidItem {
  started: boolean;
  /** UTF-16 units of {@link SaidItem.text}. */
  chars: number;
  cited: number;
  endSeen: boolean;
}

/**
 * A new answer to the same request. It is used only if it begins with everything that was sent: the same items, texts and
 * inputs in the same order. Ids and opaque state cannot be compared; the client keeps those that it has.
 */
export class Regenerated extends Continuation {
  readonly #expected: readonly Expected[];
  /** What goes beyond what was sent, until all of that has been said again. */
  #held: ChatEvent[] = [];
  #caughtUp = false;

  /** @param said what the client has. */
  constructor(said: readonly SaidItem[]) {
    super();
    this.#expected = said.map((item) => ({ ...item, started: false, chars: 0, cited: 0, endSeen: false }));
  }

  protected override finish(event: FinishEvent): readonly ChatEvent[] {
    return this.#isCaughtUp() ? this.#pass([event]) : this.diverge();
  }

  protected override item(event: ItemEvent): readonly ChatEvent[] {
    const expected = this.#expected[event.index];
    const more = expected ? this.#compare(expected, event) : [event];
    return more ? this.#pass(more) : this.diverge();
  }

  protected override diverge(): readonly ChatEvent[] {
    this.#held = [];
    return super.diverge();
  }

  #pass(more: readonly ChatEvent[]): readonly ChatEvent[] {
    if (this.#isCaughtUp()) {
      const held = this.#held;
      this.#held = [];
      return held.length > 0 ? [...held, ...more] : more;
    }
    this.#held.push(...more);
    return NOTHING;
  }

  #isCaughtUp(): boolean {
    this.#caughtUp ||= this.#expected.every(
      ({ started, text, chars, citations, cited, ended, endSeen }) =>
        started && chars === text.length && cited === citations.length && (endSeen || !ended),
    );
    return this.#caughtUp;
  }

  /** What goes beyond what was sent of this item; `undefined`: it is another. */
  #compare(expected: Expected, event: ItemEvent): readonly ChatEvent[] | undefined {
    switch (event.type) {
      case "item-start": {
        expected.started = true;
        if (!alike(expected.item, event.item)) return undefined;
        const cited = event.item.type === "text" ? (event.item.citations ?? []) : [];
        return every([
          () => this.#text(expected, event.index, textOf(event.item)),
          ...cited.map((citation) => () => this.#citation(expected, { type: "citation", index: event.index, citation })),
        ]);
      }
      case "delta":
        return this.#text(expected, event.index, event.text);
      case "citation":
        return this.#citation(expected, event);
      case "item-end":
        if (expected.chars < expected.text.length || expected.cited < expected.citations.length) return undefined;
        expected.endSeen = true;
        return expected.ended ? NOTHING : [event];
    }
  }

  #text(expected: Expected, index: number, text: string): readonly ChatEvent[] | undefined {
    const due = expected.text.slice(expected.chars, expected.chars + text.length);
    if (!text.startsWith(due)) return undefined;
    expected.chars += due.length;
    if (due.length === text.length) return NOTHING;
    return expected.ended ? undefined : [{ type: "delta", index, text: text.slice(due.length) }];
  }

  #citation(expected: Expected, event: Extract<ItemEvent, { type: "citation" }>): readonly ChatEvent[] | undefined {
    const due = expected.citations[expected.cited];
    if (!due) return expected.ended ? undefined : [event];
    expected.cited += 1;
    return sameSource(due, event.citation) ? NOTHING : undefined;
  }
}

/**
 * The rest of an answer whose text the model was given as its own beginning. All that the client has is one text that is open.
 * Of its end, spaces and line breaks were left out, because providers refuse them there: where the text goes on it must begin
 * with them.
 */
export class Prefilled extends Continuation {
  /** What was left out of the text, as far as it has not been said. */
  #due: string;
  readonly #length: number;
  #shift = 0;
  #begun = false;

  /** @param text what the client has. @param given how much of it the model was given, in UTF-16 units. */
  constructor(text: string, given: number) {
    super();
    this.#due = text.slice(given);
    this.#length = given;
  }

  protected override finish(event: FinishEvent): readonly ChatEvent[] {
    // Where it has not begun, nothing more was to be said.
    return this.#begun ? [event] : [{ type: "item-end", index: 0 }, event];
  }

  protected override item(event: ItemEvent): readonly ChatEvent[] {
    if (event.type === "item-start" && !this.#begun) return this.#begin(event.item);
    const index = event.index + this.#shift;
    if (index > 0) return [{ ...event, index }];
    switch (event.type) {
      case "delta":
        return this.#text(event.text);
      case "citation":
        return [{ ...event, citation: this.#moved(event.citation) }];
      default:
        return [event];
    }
  }

  /** The text goes on, or something follows it. */
  #begin(item: Content): readonly ChatEvent[] {
    this.#begun = true;
    if (item.type === "text") return [...this.#text(item.text), ...(item.citations ?? []).map((one) => this.#cited(one))];
    // What it thought of its own words cannot stand behind them, nor in them.
    if (item.type === "reasoning") return this.diverge();
    this.#shift = 1;
    return [
      { type: "item-end", index: 0 },
      { type: "item-start", index: 1, item },
    ];
  }

  #text(text: string): readonly ChatEvent[] {
    const due = this.#due.slice(0, text.length);
    if (!text.startsWith(due)) return this.diverge();
    this.#due = this.#due.slice(due.length);
    return text.length === due.length ? NOTHING : [{ type: "delta", index: 0, text: text.slice(due.length) }];
  }

  #cited(citation: Citation): ChatEvent {
    return { type: "citation", index: 0, citation: this.#moved(citation) };
  }

  #moved(citation: Citation): Citation {
    const { range } = citation;
    return range ? { ...citation, range: { start: range.start + this.#length, end: range.end + this.#length } } : citation;
  }
}

/** All that the steps give, unless one gives `undefined`. */
function every(steps: readonly (() => readonly ChatEvent[] | undefined)[]): readonly ChatEvent[] | undefined {
  const all: ChatEvent[] = [];
  for (const step of steps) {
    const more = step();
    if (!more) return undefined;
    all.push(...more);
  }
  return all;
}

/** Whether two items say the same with what is not streamed of them, but for ids and state. */
function alike(a: Content, b: Content): boolean {
  return JSON.stringify(comparable(a)) === JSON.stringify(comparable(b));
}

function comparable(item: Content): unknown {
  switch (item.type) {
    case "text":
    case "refusal":
    case "reasoning":
    case "compaction":
      return [item.type];
    case "tool-call":
      return [item.type, item.kind, item.name];
    case "hosted-tool-call":
      return [item.type, item.kind, item.name];
    case "hosted-tool-result":
      return [item.type, item.kind, item.text, item.sources?.map(comparableCitation)];
    default:
      return item;
  }
}

function sameSource(a: Citation, b: Citation): boolean {
  return JSON.stringify(comparableCitation(a)) === JSON.stringify(comparableCitation(b));
}

function comparableCitation({ url, title, citedText, range }: Citation): unknown {
  return [url, title, citedText, range?.start, range?.end];
}
