/** A whole answer is the fold of its events, so there is one response path: {@link Collector} folds, {@link replay} unfolds. */
import type { ChatResponse, Citation, Content, Finish, Native, Usage } from "./chat.ts";
import { GatewayError } from "./error.ts";
import { mergeUsage, type ChatEvent } from "./events.ts";
import type { OpaqueState } from "./state.ts";

interface OpenItem {
  readonly head: Content;
  readonly deltas: string[];
  readonly citations: Citation[];
  state: OpaqueState | undefined;
}

/** Folds events into one response. */
export class Collector {
  #id: string | undefined;
  #model: string | undefined;
  #native: Native | undefined;
  #usage: Usage | undefined;
  #finish: Finish | undefined;
  #error: GatewayError | undefined;
  readonly #items: OpenItem[] = [];

  push(event: ChatEvent): void {
    switch (event.type) {
      case "start":
        this.#id = event.id;
        this.#model = event.model;
        this.#native = event.native;
        break;
      case "item-start":
        this.#items.push({ head: event.item, deltas: [], citations: [], state: undefined });
        break;
      case "delta":
        this.#items[event.index]?.deltas.push(event.text);
        break;
      case "citation":
        this.#items[event.index]?.citations.push(event.citation);
        break;
      case "item-end": {
        const item = this.#items[event.index];
        if (item && event.state) item.state = event.state;
        break;
      }
      case "usage":
        this.#usage = mergeUsage(this.#usage, event.usage);
        break;
      case "finish":
        this.#finish = event.finish;
        break;
      case "error":
        this.#error = event.error;
        break;
      case "ping":
        break;
    }
  }

  /**
   * The folded answer.
   * @throws GatewayError the answer's own error, or `transport` when it never finished.
   */
  response(): ChatResponse {
    if (this.#error) throw this.#error;
    if (!this.#finish) throw new GatewayError("transport", "The upstream's answer ended before it was complete.");
    return {
      ...(this.#id !== undefined && { id: this.#id }),
      ...(this.#model !== undefined && { model: this.#model }),
      items: this.#items.map(closeItem),
      ...(this.#usage && { usage: this.#usage }),
      finish: this.#finish,
      ...(this.#native && { native: this.#native }),
    };
  }
}

function closeItem({ head, deltas, citations, state }: OpenItem): Content {
  const text = deltas.join("");
  switch (head.type) {
    case "text":
      return {
        ...head,
        text: head.text + text,
        ...(citations.length > 0 && { citations: [...(head.citations ?? []), ...citations] }),
        ...(state && { state }),
      };
    case "refusal":
      return { ...head, text: head.text + text };
    case "reasoning":
      return { ...head, text: head.text + text, ...(state && { state }) };
    case "compaction":
      return { ...head, ...(text !== "" && { text: (head.text ?? "") + text }), ...(state && { state }) };
    case "tool-call":
      return { ...head, input: head.input + text, ...(state && { state }) };
    case "hosted-tool-call":
      return { ...head, input: head.input + text };
    default:
      return head;
  }
}

/** Folds a finished sequence. */
export function collect(events: Iterable<ChatEvent>): ChatResponse {
  const collector = new Collector();
  for (const event of events) collector.push(event);
  return collector.response();
}

/** The events of a whole answer, as a stream would have brought them: for streaming clients of upstreams that do not stream. */
export function replay(response: ChatResponse): ChatEvent[] {
  const events: ChatEvent[] = [
    {
      type: "start",
      ...(response.id !== undefined && { id: response.id }),
      ...(response.model !== undefined && { model: response.model }),
      ...(response.native && { native: response.native }),
    },
  ];
  for (const [index, item] of response.items.entries()) {
    const { head, delta } = openItem(item);
    events.push({ type: "item-start", index, item: head });
    if (delta) events.push({ type: "delta", index, text: delta });
    if (item.type === "text") for (const citation of item.citations ?? []) events.push({ type: "citation", index, citation });
    events.push({ type: "item-end", index });
  }
  if (response.usage) events.push({ type: "usage", usage: response.usage });
  events.push({ type: "finish", finish: response.finish });
  return events;
}

function openItem(item: Content): { head: Content; delta?: string } {
  switch (item.type) {
    case "text": {
      const { citations: _citations, ...head } = item;
      return { head: { ...head, text: "" }, delta: item.text };
    }
    case "refusal":
    case "reasoning":
      return { head: { ...item, text: "" }, delta: item.text };
    case "tool-call":
    case "hosted-tool-call":
      return { head: { ...item, input: "" }, delta: item.input };
    default:
      return { head: item };
  }
}
