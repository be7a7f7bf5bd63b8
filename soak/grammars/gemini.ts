import { at, demand, textAt, type AnswerChecker, type StreamState } from "../answer-checker.ts";
import type { SentEvent } from "../event-stream.ts";

/** Gemini: pieces of one candidate until its finish reason; there is no event for the end. */
export class GeminiChecker implements AnswerChecker {
  state: StreamState = "running";
  text = "";
  #finished = false;

  push({ event, data }: SentEvent): void {
    demand(this.state === "running", "a piece after an error");
    demand(event === "", `an event with the name ${event}`);
    const piece: unknown = JSON.parse(data);
    if (at(piece, "error") !== undefined) {
      demand(textAt(piece, "error", "message") !== "" && typeof at(piece, "error", "code") === "number", "an error that says nothing");
      this.state = "failed";
      return;
    }
    const text = textOfCandidate(piece);
    demand(!this.#finished || text === "", "text after the finish reason");
    this.text += text;
    const reason = textAt(piece, "candidates", 0, "finishReason");
    if (reason === "") return;
    demand(reason === "STOP" && !this.#finished, `the finish reason is ${reason}, or comes twice`);
    this.#finished = true;
  }

  end(): void {
    if (this.state === "failed") return;
    demand(this.#finished, "the stream ended without a finish reason");
    this.state = "complete";
  }
}

/** The text of an answer's candidate, without its thoughts. */
export function textOfCandidate(answer: unknown): string {
  const parts = at(answer, "candidates", 0, "content", "parts") ?? [];
  demand(Array.isArray(parts), "a content without parts");
  return parts.map((part: unknown) => (at(part, "thought") === true ? "" : textAt(part, "text"))).join("");
}
