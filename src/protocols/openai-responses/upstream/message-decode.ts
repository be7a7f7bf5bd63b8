/** A message of an answer: its parts of text and refusal, each a piece of content (A.3.3; rules 264, 266, 303, 304). */
import type { Citation, Content } from "../../../chat/chat.ts";
import { asArray, asNumber, asObject, asString, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { JsonFence } from "../../shared/json-fence.ts";
import { decodeLogprobs } from "../../shared/openai-logprobs.ts";
import { decodeCitation } from "../citations.ts";
import { leftover } from "../../shared/leftover.ts";
import { nativeOf } from "../native.ts";
import { PROTOCOL } from "../wire.ts";
import type { AnswerReading, ItemReader } from "./item-reader.ts";

/** Fields of a message with a neutral form; what else it says stays beside its parts. */
const KNOWN = ["type", "role", "content", "status"];

export class MessageReader implements ItemReader {
  readonly #reading: AnswerReading;
  readonly #beside: JsonObject;
  /** By the server's index, which may begin anywhere (recordings, oddity 31). */
  readonly #parts = new Map<number, PartReader>();

  constructor(item: JsonObject, reading: AnswerReading) {
    this.#reading = reading;
    this.#beside = leftover(item, KNOWN);
  }

  event(name: string, event: JsonObject): void {
    const part = this.#part(asNumber(event["content_index"]) ?? 0);
    switch (name) {
      case "output_text.delta":
        part.logprobs(event["logprobs"]);
        return part.delta("text", asString(event["delta"]) ?? "");
      case "refusal.delta":
        return part.delta("refusal", asString(event["delta"]) ?? "");
      case "output_text.annotation.added":
        return part.annotate(event["annotation"]);
      case "output_text.done":
        return part.finish("text", asString(event["text"]) ?? "");
      case "refusal.done":
        return part.finish("refusal", asString(event["refusal"]) ?? "");
      case "content_part.done":
        return part.done(asObject(event["part"]) ?? {});
      default:
        return undefined;
    }
  }

  done(item: JsonObject): void {
    const known = [...this.#parts.values()];
    for (const [i, value] of (asArray(item["content"]) ?? []).entries()) {
      (known[i] ?? this.#newPart()).done(asObject(value) ?? {});
    }
    this.end();
  }

  end(): void {
    for (const part of this.#parts.values()) part.close();
  }

  #part(index: number): PartReader {
    const known = this.#parts.get(index);
    if (known) return known;
    const part = this.#newPart();
    this.#parts.set(index, part);
    return part;
  }

  #newPart(): PartReader {
    return new PartReader(this.#reading, this.#beside);
  }
}

class PartReader {
  readonly #reading: AnswerReading;
  readonly #beside: JsonObject;
  #index: number | undefined;
  #closed = false;
  /** How much of it has come. */
  #length = 0;
  /** How many of its sources have come. */
  #cited = 0;
  /** Sources that came before the text. */
  readonly #held: Citation[] = [];
  /** Whether probabilities came with the text. */
  #probable = false;
  readonly #fence: JsonFence | undefined;

  constructor(reading: AnswerReading, beside: JsonObject) {
    this.#reading = reading;
    this.#beside = beside;
    // What was asked for as JSON may have been asked for in words only (rule 219).
    this.#fence = reading.context.request?.outputFormat ? new JsonFence() : undefined;
  }

  delta(type: "text" | "refusal", text: string): void {
    if (text === "" || this.#closed) return;
    const { writer, found } = this.#reading;
    if (type === "refusal") found.refused = true;
    const index = this.#begin(type);
    this.#length += text.length;
    writer.delta(index, this.#fence && type === "text" ? this.#fence.push(text) : text);
  }

  /** All of its text: what has not come yet is told. */
  finish(type: "text" | "refusal", text: string): void {
    this.delta(type, text.slice(this.#length));
  }

  annotate(value: JsonValue | undefined): void {
    const annotation = asObject(value);
    if (!annotation || this.#closed) return;
    this.#cited += 1;
    const citation = decodeCitation(annotation);
    if (this.#index === undefined) this.#held.push(citation);
    else this.#reading.writer.cite(this.#index, citation);
  }

  logprobs(value: JsonValue | undefined): void {
    if (!this.#reading.context.request?.logprobs) return;
    const tokens = decodeLogprobs(value);
    this.#probable ||= tokens.length > 0;
    this.#reading.found.logprobs.push(...tokens);
  }

  done(part: JsonObject): void {
    if (this.#closed) return;
    switch (part["type"]) {
      case "refusal":
        this.finish("refusal", asString(part["refusal"]) ?? "");
        break;
      case "output_text":
      case "text":
        this.finish("text", asString(part["text"]) ?? "");
        for (const annotation of (asArray(part["annotations"]) ?? []).slice(this.#cited)) this.annotate(annotation);
        if (!this.#probable) this.logprobs(part["logprobs"]);
        break;
      default:
        this.#reading.writer.whole({
          type: "opaque",
          name: asString(part["type"]) ?? "content",
          native: { protocol: PROTOCOL, fields: part },
        });
    }
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#index === undefined) return;
    this.#reading.writer.delta(this.#index, this.#fence?.end() ?? "");
    this.#reading.writer.close(this.#index);
  }

  #begin(type: "text" | "refusal"): number {
    if (this.#index !== undefined) return this.#index;
    const beside = Object.keys(this.#beside).length > 0 ? { item: this.#beside } : undefined;
    const head: Content = { type, text: "", ...nativeOf(beside) };
    this.#index = this.#reading.writer.begin(head);
    if (type === "text") for (const citation of this.#held.splice(0)) this.#reading.writer.cite(this.#index, citation);
    return this.#index;
  }
}
