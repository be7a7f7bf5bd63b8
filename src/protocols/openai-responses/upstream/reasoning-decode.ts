/** Reasoning of an answer (A.3.2, A.3.3; rules 136, 160, 161; recordings, oddity 29). */
import { asNumber, asString, type JsonObject } from "../../../chat/json.ts";
import { packReasoning, PART_SEPARATOR, readReasoningItem, shownReasoning, type ReasoningItem } from "../reasoning-state.ts";
import type { AnswerReading, ItemReader } from "./item-reader.ts";

/** Where reasoning stands: in short, or word for word. */
type Channel = "summary" | "content";

/** What an event says: in which of its fields, and which of them counts the parts. */
interface Telling {
  readonly channel: Channel;
  readonly counter: string;
  readonly field: "delta" | "text";
}

const SUMMARY = { channel: "summary", counter: "summary_index" } as const;
const CONTENT = { channel: "content", counter: "content_index" } as const;

const TELLING: ReadonlyMap<string, Telling> = new Map<string, Telling>([
  ["reasoning_summary_text.delta", { ...SUMMARY, field: "delta" }],
  ["reasoning_summary_text.done", { ...SUMMARY, field: "text" }],
  ["reasoning_text.delta", { ...CONTENT, field: "delta" }],
  ["reasoning_text.done", { ...CONTENT, field: "text" }],
]);

export class ReasoningReader implements ItemReader {
  readonly #reading: AnswerReading;
  #index: number | undefined;
  /** The one that is shown: the same is not to be shown twice, in other words or fields (rule 312). */
  #channel: Channel | undefined;
  /** The part under way, by the server's index, which may begin anywhere. */
  #part: number | undefined;
  /** How much of each part has come. */
  readonly #lengths = new Map<number, number>();
  #shown = "";

  constructor(reading: AnswerReading) {
    this.#reading = reading;
  }

  /** Takes its place before what comes next, though there is nothing to tell yet. */
  begin(): number {
    this.#index ??= this.#reading.writer.begin({ type: "reasoning", text: "" });
    return this.#index;
  }

  event(name: string, event: JsonObject): void {
    const telling = TELLING.get(name);
    if (!telling || (this.#channel ?? telling.channel) !== telling.channel) return;
    const { channel, counter, field } = telling;
    const part = asNumber(event[counter]) ?? this.#part ?? 0;
    const known = this.#lengths.get(part);
    const given = asString(event[field]) ?? "";
    const text = field === "text" ? given.slice(known) : given;
    if (text === "") return;
    if (part !== (this.#part ?? part)) {
      // What was missing of an earlier part has no place any more; the item's end tells all of it.
      if (field === "text" && known !== undefined) return;
      this.#write(PART_SEPARATOR);
    }
    this.#channel = channel;
    this.#part = part;
    this.#lengths.set(part, (known ?? 0) + text.length);
    this.#write(text);
  }

  /** What proves it is taken from here only: what an item begins with is provisional (rule 136). */
  done(item: JsonObject): void {
    const read = readReasoningItem(item);
    const whole = this.#wholeOf(read);
    if (whole.startsWith(this.#shown)) this.#write(whole.slice(this.#shown.length));
    const state = packReasoning(read, this.#shown, this.#reading.context.issuer);
    if (state || this.#index !== undefined) this.#reading.writer.close(this.begin(), state);
  }

  end(): void {
    if (this.#index !== undefined) this.#reading.writer.close(this.#index);
  }

  #wholeOf(read: ReasoningItem): string {
    if (this.#channel === undefined) return shownReasoning(read);
    return (this.#channel === "summary" ? read.summary : (read.content ?? [])).join(PART_SEPARATOR);
  }

  #write(text: string): void {
    if (text === "") return;
    this.#shown += text;
    this.#reading.writer.delta(this.begin(), text);
  }
}
