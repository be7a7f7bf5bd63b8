/** The translate lane: the upstream's answer is decoded to events, and the events are encoded for the client. */
import type { Usage } from "../chat/chat.ts";
import { Collector } from "../chat/collect.ts";
import { GatewayError } from "../chat/error.ts";
import { mergeUsage, type ChatEvent } from "../chat/events.ts";
import { GrammarChecker } from "../chat/grammar.ts";
import { writeJson } from "../chat/json.ts";
import { StopScanner } from "../chat/stop-scan.ts";
import type {
  AnswerContext,
  ClientSide,
  DecodeContext,
  StreamDecoder,
  StreamEncoder,
  StreamStyle,
  UpstreamSide,
} from "../protocols/protocol.ts";
import type { Frame, FrameReader } from "../wire/frames.ts";
import { headerValue } from "../wire/headers.ts";
import { JsonArrayReader } from "../wire/json-array.ts";
import { SseReader } from "../wire/sse.ts";
import { streamHeaders, type AnswerHead } from "./answer.ts";
import type { CallStateKeeper } from "./call-states.ts";
import type { Lane, LaneOutput } from "./lane.ts";
import type { WholeBody } from "./whole-body.ts";
import { WholeLane } from "./whole-lane.ts";

/** The two ends of a translation. */
export interface Translation {
  readonly client: ClientSide;
  readonly upstream: UpstreamSide;
  readonly answer: AnswerContext;
  readonly decode: DecodeContext;
  /** Stop sequences that the upstream does not look for. */
  readonly scanStops?: readonly string[];
  /** Keeps what the client will not send back. */
  readonly keeper?: CallStateKeeper;
}

/** Follows the grammar of every stream when `DRAGOMAN_DEBUG` names it; a fault is ours and fails the request. */
const CHECK_GRAMMAR = (process.env["DRAGOMAN_DEBUG"] ?? "").split(",").includes("grammar");

const JSON_HEAD: AnswerHead = { status: 200, headers: ["content-type", "application/json"] };

/** A translated stream. */
export class TranslateStreamLane implements Lane {
  readonly name = "translate";
  readonly errorTold = false;
  begun = false;
  error: GatewayError | undefined;
  usage: Usage | undefined;
  readonly #style: StreamStyle;
  readonly #decoder: StreamDecoder;
  readonly #encoder: StreamEncoder;
  readonly #scanner: StopScanner | undefined;
  readonly #keeper: CallStateKeeper | undefined;
  readonly #checker = CHECK_GRAMMAR ? new GrammarChecker() : undefined;
  #reader: FrameReader | undefined;

  constructor({ client, upstream, answer, decode, scanStops, keeper }: Translation) {
    this.#style = client.streamStyle(answer.route);
    this.#decoder = upstream.streamDecoder(decode);
    this.#encoder = client.streamEncoder(answer);
    this.#scanner = scanStops && new StopScanner(scanStops);
    this.#keeper = keeper;
  }

  open(_status: number, headers: readonly string[]): AnswerHead {
    const type = headerValue(headers, "content-type") ?? "";
    if (type.startsWith("text/event-stream")) this.#reader = new SseReader();
    else if (type.startsWith("application/json")) this.#reader = new JsonArrayReader();
    else throw new GatewayError("upstream", `The upstream answered a streaming request with ${type === "" ? "no content type" : type}.`);
    return { status: 200, headers: streamHeaders(this.#style) };
  }

  get finished(): boolean {
    return this.cut || this.#decoder.finished;
  }

  get cut(): boolean {
    return this.#scanner?.found === true;
  }

  push(chunk: Buffer): LaneOutput {
    return this.#reader ? this.#frames(this.#reader.push(chunk)) : undefined;
  }

  end(): LaneOutput {
    let out = this.#reader ? this.#frames(this.#reader.end()) : "";
    if (!this.error && !this.cut) out += this.#events(this.#decoder.end());
    const missing = this.error ? undefined : this.#checker?.end();
    if (missing !== undefined) this.error = ungrammatical(missing);
    return out;
  }

  #frames(frames: readonly Frame[]): string {
    let out = "";
    for (const frame of frames) {
      out += this.#events(this.#decoder.push(frame));
      if (this.error || this.cut) break;
    }
    return out;
  }

  #events(decoded: readonly ChatEvent[]): string {
    const scanner = this.#scanner;
    const events = scanner ? decoded.flatMap((event) => scanner.push(event)) : decoded;
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
      this.#keeper?.push(event);
      out += this.#encoder.push(event);
    }
    return out;
  }
}

/** A translated whole answer: the fold of its events. */
export class TranslateWholeLane extends WholeLane {
  readonly name = "translate";
  readonly #translation: Translation;

  constructor(translation: Translation) {
    super();
    this.#translation = translation;
  }

  open(): AnswerHead {
    return JSON_HEAD;
  }

  protected convert(body: WholeBody): LaneOutput {
    const { client, upstream, answer, decode, scanStops, keeper } = this.#translation;
    const collector = new Collector();
    const scanner = scanStops && new StopScanner(scanStops);
    for (const event of upstream.decodeResponse(body.object(), decode)) {
      keeper?.push(event);
      if (!scanner) collector.push(event);
      else for (const passed of scanner.push(event)) collector.push(passed);
    }
    const response = collector.response();
    this.usage = response.usage;
    if (response.finish.reason === "malformed-call") throw malformedCall();
    return writeJson(client.encodeResponse(response, answer));
  }
}

/** A translated token count. */
export class TranslateCountLane extends WholeLane {
  readonly name = "translate";
  readonly #client: ClientSide;
  readonly #upstream: UpstreamSide;

  constructor(client: ClientSide, upstream: UpstreamSide) {
    super();
    this.#client = client;
    this.#upstream = upstream;
  }

  open(): AnswerHead {
    return JSON_HEAD;
  }

  protected convert(body: WholeBody): LaneOutput {
    return writeJson(this.#client.encodeTokenCount(this.#upstream.decodeTokenCount?.(body.object()) ?? 0));
  }
}

function malformedCall(): GatewayError {
  return new GatewayError("upstream", "The model wrote a tool call that the provider could not read.", { modelSlipped: true });
}

function ungrammatical(fault: string): GatewayError {
  return new GatewayError("internal", `A decoder broke the event grammar: ${fault}.`);
}
