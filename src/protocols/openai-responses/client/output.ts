/**
 * The items of an answer as they come to be (A.3.3): each is added, filled and done. Several may be open at once; their
 * indexes are in the order in which they began (rules 286, 287). What an item holds stands in it and in its events alike, so
 * that streams and whole answers are one.
 */
import type { JsonObject } from "../../../chat/json.ts";
import type { AnswerContext } from "../../protocol.ts";

/** Where events go. */
export interface EventSink {
  /** An event, to be numbered. */
  event(type: string, fields: JsonObject): void;
  /** Prepares events that bring more text: nearly all of a stream. */
  head(type: string, fields: JsonObject): DeltaHead;
  /** One of those, to be numbered. */
  delta(head: DeltaHead, text: string): void;
}

/** An event as it is written up to its text. */
export type DeltaHead = string;

export type ItemStatus = "in_progress" | "completed" | "incomplete";

/** All items of one answer. */
export class Output {
  readonly sink: EventSink;
  readonly context: AnswerContext;
  /** Whether the client is told the opaque state of reasoning, and does not rely on its being kept here (rules 371, 434). */
  readonly #tellsState: boolean;
  readonly #stem: string;
  readonly #items: OutputItem[] = [];
  readonly #done: (JsonObject | undefined)[] = [];

  constructor(sink: EventSink, context: AnswerContext, tellsState: boolean) {
    this.sink = sink;
    this.context = context;
    this.#tellsState = tellsState;
    this.#stem = idStem(context);
  }

  /** Takes the next place. */
  begin(item: OutputItem, prefix: string): { readonly id: string; readonly index: number } {
    const told = this.context.resumed?.items;
    // Of these no event tells, and their place is taken all the same.
    while (told?.[this.#items.length]?.silent) this.#items.push(item);
    const index = this.#items.push(item) - 1;
    return { id: told?.[index]?.id ?? `${prefix}_${this.#stem}_${index}`, index };
  }

  /** Whether the client has been told of the item that takes the next place, though nothing may have been said of it yet. */
  get isNextTold(): boolean {
    return this.context.resumed?.items?.[this.#items.length]?.silent === false;
  }

  /** An item is done as its client was told it, by whoever began the answer. */
  wasDone(index: number, item: JsonObject): void {
    this.#done[index] = item;
  }

  /** The last item that began. */
  get last(): OutputItem | undefined {
    return this.#items.at(-1);
  }

  get length(): number {
    return this.#items.length;
  }

  done(index: number, item: JsonObject): void {
    this.#done[index] = item;
    this.sink.event("response.output_item.done", { output_index: index, item: this.told(item) });
  }

  /** What has been said so far, whether it is complete or not (rule 291). */
  items(): JsonObject[] {
    return this.#items.map((item, index) => this.#done[index] ?? item.whole("incomplete"));
  }

  /** An item as the client is told it. */
  told(item: JsonObject): JsonObject {
    if (this.#tellsState || item["type"] !== "reasoning") return item;
    const { encrypted_content: _state, ...rest } = item;
    return rest;
  }
}

/** What every id of an answer has in common: the request's own. */
export function idStem({ requestId }: Pick<AnswerContext, "requestId">): string {
  return requestId.replaceAll(/[^a-zA-Z0-9]/g, "");
}

/** One item. */
export abstract class OutputItem {
  readonly id: string;
  readonly index: number;
  protected readonly output: Output;

  constructor(output: Output, prefix: string) {
    this.output = output;
    ({ id: this.id, index: this.index } = output.begin(this, prefix));
  }

  /** What it holds so far, but for what is told with its end only. */
  protected abstract fields(status: ItemStatus): JsonObject;

  /** All that it holds. */
  whole(status: ItemStatus): JsonObject {
    return this.fields(status);
  }

  /** Nothing more comes. */
  close(status: ItemStatus): void {
    this.finish();
    this.output.done(this.index, this.whole(status));
  }

  /** Whether it was cut in the middle, when the answer was. */
  isCut(isLast: boolean): boolean {
    return isLast;
  }

  /** Ends what is open inside. */
  protected finish(): void {
    // Most items have nothing inside.
  }

  protected add(): void {
    this.output.sink.event("response.output_item.added", { output_index: this.index, item: this.fields("in_progress") });
  }

  protected event(type: string, fields: JsonObject = {}): void {
    this.output.sink.event(type, { item_id: this.id, output_index: this.index, ...fields });
  }

  protected head(type: string, fields: JsonObject = {}): DeltaHead {
    return this.output.sink.head(type, { item_id: this.id, output_index: this.index, ...fields });
  }

  protected delta(head: DeltaHead, text: string): void {
    this.output.sink.delta(head, text);
  }
}
