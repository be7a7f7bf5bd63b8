import { at, demand, textAt, type AnswerChecker, type StreamState } from "../answer-checker.ts";
import type { SentEvent } from "../event-stream.ts";

/** Chat Completions: chunks of one choice, its end, the usage that was asked for, `[DONE]`. */
export class ChatChecker implements AnswerChecker {
  state: StreamState = "running";
  text = "";
  #finished = false;
  #usage = false;

  push({ event, data }: SentEvent): void {
    demand(this.state === "running", `${data.slice(0, 100)} after the end`);
    demand(event === "", `an event with the name ${event}`);
    if (data === "[DONE]") {
      demand(this.#finished && this.#usage, "[DONE] before the finish reason and the usage");
      this.state = "complete";
      return;
    }
    const chunk: unknown = JSON.parse(data);
    if (at(chunk, "error") !== undefined) {
      demand(textAt(chunk, "error", "message") !== "", "an error that says nothing");
      this.state = "failed";
      return;
    }
    demand(at(chunk, "object") === "chat.completion.chunk", `an object that is no chunk: ${data.slice(0, 100)}`);
    demand(Array.isArray(at(chunk, "choices")), "a chunk without choices");
    const content = textAt(chunk, "choices", 0, "delta", "content");
    demand(!this.#finished || content === "", "text after the finish reason");
    this.text += content;
    const reason = textAt(chunk, "choices", 0, "finish_reason");
    if (reason !== "") {
      demand(reason === "stop" && !this.#finished, `the finish reason is ${reason}, or comes twice`);
      this.#finished = true;
    }
    this.#usage ||= at(chunk, "usage", "total_tokens") !== undefined;
  }

  end(): void {
    demand(this.state !== "running", "the stream ended without [DONE]");
  }
}
