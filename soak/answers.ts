/** Reads an answer of any of the client protocols as strictly as the protocol is written. */
import { at, demand, textAt, type AnswerChecker } from "./answer-checker.ts";
import type { ClientProtocol } from "./choice.ts";
import { EventStreamReader } from "./event-stream.ts";
import { ChatChecker } from "./grammars/chat.ts";
import { GeminiChecker, textOfCandidate } from "./grammars/gemini.ts";
import { MessagesChecker } from "./grammars/messages.ts";
import { ResponsesChecker, textOfResponse } from "./grammars/responses.ts";

/** What an answer is in the end. */
export interface Answer {
  readonly state: "complete" | "failed";
  readonly text: string;
  readonly keptAs: string | undefined;
}

/** Takes the bytes of a streamed answer as they come. */
export interface StreamReader {
  /** Whether any text has come. */
  readonly hasText: boolean;
  /** @throws Error when the stream is not grammatical. */
  push(bytes: Buffer): void;
  /** The stream has ended as HTTP has it. @throws Error when it is not whole. */
  end(): Answer;
}

/** A reader for a stream in this protocol. */
export function streamReader(protocol: ClientProtocol): StreamReader {
  return protocol === "gemini-array" ? new ArrayReader() : new EventReader(checkerFor(protocol));
}

/** The content type that a stream in this protocol has. */
export function streamType(protocol: ClientProtocol): string {
  return protocol === "gemini-array" ? "application/json" : "text/event-stream";
}

function checkerFor(protocol: Exclude<ClientProtocol, "gemini-array">): AnswerChecker {
  switch (protocol) {
    case "messages":
      return new MessagesChecker();
    case "chat":
      return new ChatChecker();
    case "responses":
      return new ResponsesChecker();
    case "gemini":
      return new GeminiChecker();
  }
}

class EventReader implements StreamReader {
  readonly #events = new EventStreamReader();
  readonly #checker: AnswerChecker;

  constructor(checker: AnswerChecker) {
    this.#checker = checker;
  }

  get hasText(): boolean {
    return this.#checker.text !== "";
  }

  push(bytes: Buffer): void {
    for (const event of this.#events.push(bytes)) this.#checker.push(event);
  }

  end(): Answer {
    demand(this.#events.isAtRest, "the stream ended in the middle of an event");
    return ended(this.#checker);
  }
}

/** Gemini's other form: one JSON array, whose elements come as they are ready. */
class ArrayReader implements StreamReader {
  readonly #pieces: Buffer[] = [];

  get hasText(): boolean {
    return this.#pieces.some((piece) => piece.includes('"text"'));
  }

  push(bytes: Buffer): void {
    this.#pieces.push(bytes);
  }

  end(): Answer {
    const pieces: unknown = JSON.parse(Buffer.concat(this.#pieces).toString());
    demand(Array.isArray(pieces), "the stream is no array");
    const checker = new GeminiChecker();
    for (const piece of pieces) checker.push({ event: "", data: JSON.stringify(piece) });
    return ended(checker);
  }
}

function ended(checker: AnswerChecker): Answer {
  checker.end();
  const { state, text, keptAs } = checker;
  demand(state !== "running", "the stream has not ended");
  return { state, text, keptAs };
}

/** Reads a good answer in one piece. @throws Error when it is not one in this protocol. */
export function readWhole(protocol: ClientProtocol, body: string): Answer {
  const answer: unknown = JSON.parse(body);
  switch (protocol) {
    case "messages":
      demand(at(answer, "stop_reason") === "end_turn", "the answer did not end by itself");
      return whole((at(answer, "content") as unknown[]).map((block) => textAt(block, "text")).join(""));
    case "chat":
      demand(at(answer, "choices", 0, "finish_reason") === "stop", "the answer did not end by itself");
      return whole(textAt(answer, "choices", 0, "message", "content"));
    case "responses":
      demand(at(answer, "status") === "completed", "the answer is not completed");
      return whole(textOfResponse(answer), textAt(answer, "id"));
    case "gemini":
    case "gemini-array":
      demand(at(answer, "candidates", 0, "finishReason") === "STOP", "the answer did not end by itself");
      return whole(textOfCandidate(answer));
  }
}

/** Reads the body of an HTTP error. @throws Error when it is not the protocol's envelope. */
export function checkEnvelope(protocol: ClientProtocol, body: string): void {
  const parsed: unknown = JSON.parse(body);
  // The other form of Gemini's streams tells its errors in an array.
  const answer = protocol === "gemini-array" && Array.isArray(parsed) ? (parsed[0] as unknown) : parsed;
  demand(textAt(answer, "error", "message") !== "", "an error without a message");
  if (protocol === "messages") demand(at(answer, "type") === "error", "no envelope of Messages");
  if (protocol.startsWith("gemini")) demand(typeof at(answer, "error", "code") === "number", "no envelope of Gemini");
}

function whole(text: string, keptAs?: string): Answer {
  return { state: "complete", text, keptAs };
}
