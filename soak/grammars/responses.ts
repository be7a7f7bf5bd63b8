import { at, demand, textAt, type AnswerChecker, type StreamState } from "../answer-checker.ts";
import type { SentEvent } from "../event-stream.ts";

/** Responses: numbered events; items and their parts are opened, filled and closed between `response.created` and `response.completed`. */
export class ResponsesChecker implements AnswerChecker {
  state: StreamState = "running";
  text = "";
  keptAs: string | undefined;
  #next = 0;
  #erred = false;
  readonly #open = new Set<string>();

  push({ event, data }: SentEvent): void {
    demand(this.state === "running", `${event} after the end`);
    const content: unknown = JSON.parse(data);
    demand(at(content, "type") === event, `the event ${event} holds a ${String(at(content, "type"))}`);
    if (event === "keepalive") return;
    // Whoever relays does not count, and has to end a stream all the same.
    const number = at(content, "sequence_number");
    demand(
      number === this.#next || event === "error" || event === "response.failed",
      `number ${String(number)} where ${this.#next} is due`,
    );
    this.#next += 1;
    demand(!this.#erred || event === "response.failed", `${event} after an error`);
    demand((this.#next === 1) === (event === "response.created") || event === "error", `${event} as event ${this.#next}`);
    this.#advance(event, content);
  }

  end(): void {
    demand(this.state !== "running" || this.#erred, "the stream ended without its last event");
    if (this.#erred) this.state = "failed";
  }

  #advance(event: string, content: unknown): void {
    const item = `item ${String(at(content, "output_index"))}`;
    const part = `${item} part ${String(at(content, "content_index"))}`;
    switch (event) {
      case "response.created":
      case "response.in_progress":
        return;
      case "response.output_item.added":
        return this.#start(item);
      case "response.output_item.done":
        return this.#stop(item);
      case "response.content_part.added":
        demand(this.#open.has(item), `a part of ${item}, which is not open`);
        return this.#start(part);
      case "response.content_part.done":
        return this.#stop(part);
      case "response.output_text.delta":
        demand(this.#open.has(part), `text for ${part}, which is not open`);
        this.text += textAt(content, "delta");
        return;
      case "response.completed":
        demand(this.#open.size === 0, `completed with ${[...this.#open].join(", ")} open`);
        demand(textOfResponse(at(content, "response")) === this.text, "the whole response says something else than its deltas");
        this.keptAs = textAt(content, "response", "id");
        this.state = "complete";
        return;
      case "error":
        this.#erred = true;
        return;
      case "response.failed":
        demand(textAt(content, "response", "error", "message") !== "", "a failure that says nothing");
        this.state = "failed";
        return;
      default:
        demand(/^response\.(?:output_text\.done|reasoning_)/.test(event), `an event that was not to be expected: ${event}`);
    }
  }

  #start(name: string): void {
    demand(!this.#open.has(name), `${name} starts a second time`);
    this.#open.add(name);
  }

  #stop(name: string): void {
    demand(this.#open.delete(name), `${name} ends, which is not open`);
  }
}

/** The text of all messages of a response. */
export function textOfResponse(response: unknown): string {
  const output = at(response, "output");
  demand(Array.isArray(output), "a response without output");
  const parts = output.filter((item) => at(item, "type") === "message").flatMap((item) => at(item, "content") as unknown[]);
  return parts.map((part) => textAt(part, "text")).join("");
}
