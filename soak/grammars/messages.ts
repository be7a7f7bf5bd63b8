import { at, demand, textAt, type AnswerChecker, type StreamState } from "../answer-checker.ts";
import type { SentEvent } from "../event-stream.ts";

/** Anthropic Messages: blocks one after the other between `message_start` and `message_stop`; pings anywhere before the end. */
export class MessagesChecker implements AnswerChecker {
  state: StreamState = "running";
  text = "";
  #started = false;
  #blocks = 0;
  #open = false;
  #stopReason: unknown;

  push({ event, data }: SentEvent): void {
    demand(this.state === "running", `${event} after the end`);
    const content: unknown = JSON.parse(data);
    demand(at(content, "type") === event, `the event ${event} holds a ${String(at(content, "type"))}`);
    if (event === "ping") return;
    if (event === "error") {
      demand(textAt(content, "error", "type") !== "" && textAt(content, "error", "message") !== "", "an error that says nothing");
      this.state = "failed";
      return;
    }
    demand(this.#started === (event !== "message_start"), event === "message_start" ? "a second start" : `${event} before the start`);
    this.#advance(event, content);
  }

  end(): void {
    demand(this.state !== "running", "the stream ended without message_stop");
  }

  #advance(event: string, content: unknown): void {
    switch (event) {
      case "message_start":
        this.#started = true;
        return;
      case "content_block_start":
        demand(!this.#open && this.#stopReason === undefined, "a block starts before the last one has ended, or after the last");
        demand(at(content, "index") === this.#blocks, `block ${String(at(content, "index"))} starts where ${this.#blocks} is due`);
        this.#open = true;
        return;
      case "content_block_delta":
        demand(this.#open && at(content, "index") === this.#blocks, "a delta for a block that is not open");
        this.text += textAt(content, "delta", "text");
        return;
      case "content_block_stop":
        demand(this.#open && at(content, "index") === this.#blocks, "the end of a block that is not open");
        this.#open = false;
        this.#blocks += 1;
        return;
      case "message_delta":
        demand(!this.#open, "message_delta while a block is open");
        this.#stopReason = at(content, "delta", "stop_reason");
        return;
      case "message_stop":
        demand(this.#stopReason === "end_turn", `the stop reason is ${String(this.#stopReason)}`);
        this.state = "complete";
        return;
      default:
        throw new Error(`an event that Messages does not have: ${event}`);
    }
  }
}
