/** A message of an answer: texts and refusals, each a part (A.3.3; rules 288, 416). */
import type { Citation } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { LossLedger } from "../../../chat/loss.ts";
import { encodeLogprobs, type Logprobs } from "../../shared/openai-logprobs.ts";
import { encodeCitation } from "../citations.ts";
import { ownFields } from "../native.ts";
import { OutputItem, type ItemStatus, type Output } from "./output.ts";

/** Tells the events of a part. */
type Tell = (type: string, fields: JsonObject) => void;

/** A part under way. */
export class MessagePart {
  /** Whether more may come. */
  open = true;
  readonly type: "output_text" | "refusal";
  readonly #tell: Tell;
  readonly #delta: (text: string) => void;
  readonly #losses: LossLedger;
  readonly #annotations: JsonObject[] = [];
  /** Sources of the whole part, whose end is not known yet. */
  readonly #whole: Citation[] = [];
  #text = "";
  #logprobs: readonly JsonObject[] = [];

  constructor(type: MessagePart["type"], tell: Tell, delta: (text: string) => void, losses: LossLedger) {
    this.type = type;
    this.#tell = tell;
    this.#delta = delta;
    this.#losses = losses;
    tell("response.content_part.added", { part: this.fields() });
  }

  text(text: string): void {
    this.#text += text;
    this.#delta(text);
  }

  /** A source of the text. */
  cite(citation: Citation): void {
    if (citation.range || ownFields(citation.native)) this.#annotate(citation);
    else this.#whole.push(citation);
  }

  /** How likely the answer's tokens were, of which the last are this part's (rule 264). */
  score(logprobs: Logprobs): void {
    let first = logprobs.length;
    for (let chars = 0; first > 0 && chars < this.#text.length; first -= 1) chars += logprobs[first - 1]?.token.length ?? 0;
    this.#logprobs = encodeLogprobs(logprobs.slice(first));
  }

  end(): void {
    this.open = false;
    for (const citation of this.#whole) this.#annotate(citation);
    if (this.type === "refusal") this.#tell("response.refusal.done", { refusal: this.#text });
    else this.#tell("response.output_text.done", { text: this.#text, logprobs: this.#logprobs });
    this.#tell("response.content_part.done", { part: this.fields() });
  }

  fields(): JsonObject {
    if (this.type === "refusal") return { type: "refusal", refusal: this.#text };
    return { type: "output_text", annotations: [...this.#annotations], logprobs: this.#logprobs, text: this.#text };
  }

  #annotate(citation: Citation): void {
    const annotation = encodeCitation(citation, this.#text.length);
    if (!annotation) return this.#losses.add("answer-content", "answer.citations", "semantic");
    const index = this.#annotations.push(annotation) - 1;
    this.#tell("response.output_text.annotation.added", { annotation_index: index, annotation });
  }
}

export class MessageItem extends OutputItem {
  readonly #own: JsonObject;
  readonly #parts: MessagePart[] = [];

  /** @param own what the item says beside its content. */
  constructor(output: Output, own: JsonObject) {
    super(output, "msg");
    this.#own = own;
    this.add();
  }

  /** The part that is open. */
  get part(): MessagePart | undefined {
    const last = this.#parts.at(-1);
    return last?.open ? last : undefined;
  }

  /** Begins a part; the one before it is over. */
  begin(type: MessagePart["type"]): MessagePart {
    this.part?.end();
    const at = { content_index: this.#parts.length };
    const head =
      type === "refusal" ? this.head("response.refusal.delta", at) : this.head("response.output_text.delta", { ...at, logprobs: [] });
    const part = new MessagePart(
      type,
      (event, fields) => this.event(event, { ...at, ...fields }),
      (text) => this.delta(head, text),
      this.output.context.losses,
    );
    this.#parts.push(part);
    return part;
  }

  protected fields(status: ItemStatus): JsonObject {
    const content = this.#parts.map((part) => part.fields());
    return { id: this.id, type: "message", status, role: "assistant", content, ...this.#own };
  }

  protected override finish(): void {
    this.part?.end();
  }
}
