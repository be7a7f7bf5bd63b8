/** Events to the bytes of a stream, in either framing (dossier A.4.4; rules 294–298). */
import type { Usage } from "../../../chat/chat.ts";
import { mergeUsage, type ChatEvent } from "../../../chat/events.ts";
import { writeJson, type JsonObject } from "../../../chat/json.ts";
import type { AnswerContext, ClientRoute, StreamEncoder, StreamStyle } from "../../protocol.ts";
import { AnswerEncoder, type PartSink } from "./answer-encode.ts";
import { errorBody } from "./error-encode.ts";
import { finalBody, identity } from "./response-encode.ts";

/** Comments break some of Google's clients, and so do empty events: this is the sign of life that all of them take. */
const SSE: StreamStyle = {
  contentType: "text/event-stream; charset=utf-8",
  heartbeat: sseFrame('{"candidates":[]}'),
  error: (error) => sseFrame(writeJson(errorBody(error))),
};

/** The array stays well-formed whatever ends it (rule 295); space between its elements is the sign of life. */
const ARRAY: StreamStyle = {
  contentType: "application/json; charset=UTF-8",
  heartbeat: "\n",
  error: (error, _requestId, begun) => `${begun ? "," : "["}${writeJson(errorBody(error))}]`,
};

/** How the stream of a route is written. */
export function streamStyle({ framing }: ClientRoute): StreamStyle {
  return framing === "json-array" ? ARRAY : SSE;
}

function sseFrame(json: string): string {
  return `data: ${json}\n\n`;
}

/** Writes one answer. Each frame is a whole body with the parts that are new; usage stands in the last one (rule 296). */
export class GeminiStreamEncoder implements StreamEncoder {
  readonly #context: AnswerContext;
  readonly #frames: FrameSink;
  readonly #answer: AnswerEncoder;
  #id: string | undefined;
  #usage: Usage | undefined;
  #done = false;

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#frames = new FrameSink(context);
    this.#answer = new AnswerEncoder(this.#frames, context);
  }

  push(event: ChatEvent): string {
    if (this.#done) return "";
    switch (event.type) {
      case "start":
        this.#id = event.id;
        this.#frames.identify(event.id);
        return "";
      case "usage":
        this.#usage = mergeUsage(this.#usage, event.usage);
        return "";
      case "ping":
        // The gateway has heartbeats of its own; this one would be a frame that says nothing.
        return "";
      case "error":
        this.#done = true;
        return streamStyle(this.#context.route).error(event.error, this.#context.requestId, this.#frames.begun);
      case "finish":
        this.#done = true;
        this.#answer.end();
        this.#frames.last(finalBody([{ text: "" }], event.finish, this.#usage, this.#answer, this.#id, this.#context));
        return this.#frames.take();
      case "item-start":
      case "delta":
      case "citation":
      case "item-end":
        this.#answer.push(event);
        return this.#frames.take();
    }
  }
}

/** Writes parts as frames. */
class FrameSink implements PartSink {
  readonly #context: AnswerContext;
  readonly #array: boolean;
  #out = "";
  /** What every frame ends with: who answers. */
  #identity = "";
  /** What follows the parts of a frame. */
  #tail = "";
  /** Whether anything was written: in an array, whether its bracket was. */
  begun = false;

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#array = context.route.framing === "json-array";
    this.identify(undefined);
  }

  identify(id: string | undefined): void {
    this.#identity = writeJson(identity(id, this.#context)).slice(1);
    this.#tail = `]},"index":0}],${this.#identity}`;
  }

  text(text: string, thought: boolean): void {
    this.#write(`${thought ? THOUGHT : TEXT}${JSON.stringify(text)}}${this.#tail}`);
  }

  part(part: JsonObject): void {
    this.#write(`${HEAD}${writeJson(part)}${this.#tail}`);
  }

  last(body: JsonObject): void {
    this.#write(writeJson(body));
    if (this.#array) this.#out += "]";
  }

  /** What was written since the last time. The answer has begun: an array is opened even when there is nothing to say yet. */
  take(): string {
    if (this.#array && !this.begun) this.#write(`{"candidates":[],${this.#identity}`);
    const out = this.#out;
    this.#out = "";
    return out;
  }

  #write(json: string): void {
    this.#out += this.#array ? `${this.begun ? ",\n" : "["}${json}` : sseFrame(json);
    this.begun = true;
  }
}

const HEAD = '{"candidates":[{"content":{"role":"model","parts":[';
const TEXT = `${HEAD}{"text":`;
const THOUGHT = `${HEAD}{"thought":true,"text":`;
