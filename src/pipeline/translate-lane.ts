/** The translate lane: the upstream's answer is decoded to events, and the events are encoded for the client. */
import type { Usage } from "../chat/chat.ts";
import { Collector } from "../chat/collect.ts";
import { GatewayError } from "../chat/error.ts";
import { mergeUsage, type ChatEvent } from "../chat/events.ts";
import { GrammarChecker } from "../chat/grammar.ts";
import { writeJson } from "../chat/json.ts";
import type { AnswerContext, ClientSide, DecodeContext, StreamDecoder, StreamEncoder, UpstreamSide } from "../protocols/protocol.ts";
import type { Frame, FrameReader } from "../wire/frames.ts";
import { headerValue } from "../wire/headers.ts";
import { JsonArrayReader } from "../wire/json-array.ts";
import { SseReader } from "../wire/sse.ts";
import { streamHeaders, type AnswerHead } from "./answer.ts";
import type { Lane, LaneOutput } from "./lane.ts";
import { WholeBody } from "./whole-body.ts";

/** The two ends of a translation. */
export interface Translation {
  readonly client: ClientSide;
  readonly upstream: UpstreamSide;
  readonly answer: AnswerContext;
  readonly decode: DecodeContext;
}

/** Follows the grammar of every stream when `DRAGOMAN_DEBUG` names it; a fault is ours and fails the request. */
const CHECK_GRAMMAR = (process.env["DRAGOMAN_DEBUG"] ?? "").split(",").includes("grammar");

/** A translated stream. */
export class TranslateStreamLane implements Lane {
  readonly name = "translate";
  readonly errorTold = false;
  begun = false;
  error: GatewayError | undefined;
  usage: Usage | undefined;
  readonly #client: ClientSide;
  readonly #decoder: StreamDecoder;
  readonly #encoder: StreamEncoder;
  readonly #checker = CHECK_GRAMMAR ? new GrammarChecker() : undefined;
  #reader: FrameReader | undefined;

  constructor({ client, upstream, answer, decode }: Translation) {
    this.#client = client;
    this.#decoder = upstream.streamDecoder(decode);
    this.#encoder = client.streamEncoder(answer);
  }

  open(_status: number, headers: readonly string[]): AnswerHead {
    const type = headerValue(headers, "content-type") ?? "";
    if (type.startsWith("text/event-stream")) this.#reader = new SseReader();
    else if (type.startsWith("application/json")) this.#reader = new JsonArrayReader();
    else throw new GatewayError("upstream", `The upstream answered a streaming request with ${type === "" ? "no content type" : type}.`);
    return { status: 200, headers: streamHeaders(this.#client) };
  }

  get finished(): boolean {
    return this.#decoder.finished;
  }

  push(chunk: Buffer): LaneOutput {
    return this.#reader ? this.#frames(this.#reader.push(chunk)) : undefined;
  }

  end(): LaneOutput {
    let out = this.#reader ? this.#frames(this.#reader.end()) : "";
    if (!this.error) out += this.#events(this.#decoder.end());
    const missing = this.error ? undefined : this.#checker?.end();
    if (missing !== undefined) this.error = ungrammatical(missing);
    return out;
  }

  #frames(frames: readonly Frame[]): string {
    let out = "";
    for (const frame of frames) {
      out += this.#events(this.#decoder.push(frame));
      if (this.error) break;
    }
    return out;
  }

  #events(events: readonly ChatEvent[]): string {
    let out = "";
    for (const event of events) {
      const fault = this.#checker?.push(event);
      if (fault !== undefined) this.error = ungrammatical(fault);
      if (event.type === "error") this.error = event.error;
      if (this.error) break;
      if (event.type === "usage") this.usage = mergeUsage(this.usage, event.usage);
      else if (event.type === "finish" && event.finish.reason === "malformed-call") {
        this.error = malformedCall();
        break;
      } else if (event.type !== "start" && event.type !== "ping") this.begun = true;
      out += this.#encoder.push(event);
    }
    return out;
  }
}

/** A translated whole answer: the fold of its events. */
export class TranslateWholeLane implements Lane {
  readonly name = "translate";
  readonly errorTold = false;
  readonly finished = false;
  begun = false;
  error: GatewayError | undefined;
  usage: Usage | undefined;
  readonly #translation: Translation;
  readonly #body = new WholeBody();

  constructor(translation: Translation) {
    this.#translation = translation;
  }

  open(): AnswerHead {
    return { status: 200, headers: ["content-type", "application/json"] };
  }

  push(chunk: Buffer): LaneOutput {
    this.error = this.#body.push(chunk);
    return undefined;
  }

  end(): LaneOutput {
    const { client, upstream, answer, decode } = this.#translation;
    try {
      const collector = new Collector();
      for (const event of upstream.decodeResponse(this.#body.object(), decode)) collector.push(event);
      const response = collector.response();
      this.usage = response.usage;
      if (response.finish.reason === "malformed-call") throw malformedCall();
      const out = writeJson(client.encodeResponse(response, answer));
      this.begun = true;
      return out;
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) throw thrown;
      this.error = thrown;
      return undefined;
    }
  }
}

/** A translated token count. */
export class TranslateCountLane implements Lane {
  readonly name = "translate";
  readonly errorTold = false;
  readonly finished = false;
  readonly usage: Usage | undefined = undefined;
  begun = false;
  error: GatewayError | undefined;
  readonly #client: ClientSide;
  readonly #upstream: UpstreamSide;
  readonly #body = new WholeBody();

  constructor(client: ClientSide, upstream: UpstreamSide) {
    this.#client = client;
    this.#upstream = upstream;
  }

  open(): AnswerHead {
    return { status: 200, headers: ["content-type", "application/json"] };
  }

  push(chunk: Buffer): LaneOutput {
    this.error = this.#body.push(chunk);
    return undefined;
  }

  end(): LaneOutput {
    try {
      const out = writeJson(this.#client.encodeTokenCount(this.#upstream.decodeTokenCount(this.#body.object())));
      this.begun = true;
      return out;
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) throw thrown;
      this.error = thrown;
      return undefined;
    }
  }
}

function malformedCall(): GatewayError {
  return new GatewayError("upstream", "The model wrote a tool call that the provider could not read.");
}

function ungrammatical(fault: string): GatewayError {
  return new GatewayError("internal", `A decoder broke the event grammar: ${fault}.`);
}
