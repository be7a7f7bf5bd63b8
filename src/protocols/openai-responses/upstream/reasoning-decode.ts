/** Reasoning of an answer (A.3.2, A.3.3; rules 136, 160, 161; recordings, oddity 29). */
import { asNumber, asString, type JsonObject } from "../../../chat/json.ts";
import { packReasoning, PART_SEPARATOR, readReasoningItem, shownReasoning, type ReasoningItem } from "../reasoning-state.ts";
import type { AnswerReading, ItemReader } from "./item-reader.ts";

/** Where reasoning stands: in short, or word for word. */
type Channel = "summary" | "content";

/** By event: where its text stands, and which of its fields counts the parts. */
const CHANNELS: Readonly<Record<string, readonly [Channel, string]>> = {
  "reasoning_summary_text.delta": ["summary", "summary_index"],
  "reasoning_summary_text.done": ["summary", "summary_index"],
  "reasoning_text.delta": ["content", "content_index"],
  "reasoning_text.done": ["content", "content_index"],
};

export class ReasoningReader implements ItemReader {
  readonly #reading: AnswerReading;
  #index: number | undefined;
  /** The one that is shown: the same is not to be shown twice, in other words or fields (rule 312). */
  #channel: Channel | undefined;
  #part = 0;
  /** How much of the part has come. */
  #length = 0;
  #shown = "";

  constructor(_item: JsonObject, reading: AnswerReading) {
    this.#reading = reading;
  }

  /** Whether it has its place among the items. */
  get begun(): boolean {
    return this.#index !== undefined;
  }

  /** Takes its place before what comes next, though there is nothing to tell yet. */
  begin(): number {
    this.#index ??= this.#reading.writer.begin({ type: "reasoning", text: "" });
    return this.#index;
  }

  event(name: string, event: JsonObject): void {
    const [channel, counter] = CHANNELS[name] ?? [];
    if (channel === undefined || counter === undefined) return;
    const text = asString(event[name.endsWith(".done") ? "text" : "delta"]) ?? "";
    if (text === "" || (this.#channel ?? channel) !== channel) return;
    this.#channel = channel;
    const part = asNumber(event[counter]) ?? this.#part;
    if (part > this.#part) {
      this.#write(PART_SEPARATOR.repeat(part - this.#part));
      this.#part = part;
      this.#length = 0;
    }
    const rest = name.endsWith(".done") ? text.slice(this.#length) : text;
    this.#length += rest.length;
    this.#write(rest);
  }

  /** What proves it is taken from here only: what an item begins with is provisional (rule 136). */
  done(item: JsonObject): void {
    const read = readReasoningItem(item);
    const whole = this.#wholeOf(read);
    if (whole.startsWith(this.#shown)) this.#write(whole.slice(this.#shown.length));
    const state = packReasoning(read, this.#shown, this.#reading.context.issuer);
    if (state || this.begun) this.#reading.writer.close(this.begin(), state);
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
