/**
 * What a protocol is: one decoder and one encoder per direction, never pairs. Everything here is synchronous and pure:
 * no clock, no randomness, no I/O.
 */
import type { ChatRequest, ChatResponse, Content, Finish, ProtocolId, Usage } from "../chat/chat.ts";
import type { GatewayError } from "../chat/error.ts";
import type { ChatEvent } from "../chat/events.ts";
import type { JsonObject } from "../chat/json.ts";
import type { LossLedger } from "../chat/loss.ts";
import type { Issuer, StateSealer } from "../chat/state.ts";
import type { Frame } from "../wire/frames.ts";
import type { Span } from "../wire/json-scan.ts";
import type { ChatDialect } from "./chat-dialect.ts";
import type { ModelList } from "./model-list.ts";
import type { Profile } from "./profile.ts";
import type { Rate } from "./rate.ts";
import type { StatefulSide, StoredRoute } from "./stateful.ts";

/** What a client asks of a route. */
export type Operation = "generate" | "count-tokens" | "list-models" | "get-model";

/** A matched client route. */
export interface ClientRoute {
  readonly operation: Operation;
  /** The model, where the protocol has it in the path. */
  readonly model?: string;
  /** Whether the path itself asks for a stream. */
  readonly stream?: boolean;
  /** How the stream is to be written, where a protocol has two ways (rules 294, 295); `messages`: each event in one of a WebSocket's. */
  readonly framing?: "sse" | "json-array" | "messages";
}

/** How a stream is written around its events. */
export interface StreamStyle {
  readonly contentType: string;
  /** What to write when there is nothing to say (dossier C.11, C.12). */
  readonly heartbeat: string;
  /**
   * An error after the stream began: the one end that every client recognises as failure.
   * @param begun whether content was written before.
   * @param place where the stream stands, if somebody counted.
   */
  error(error: GatewayError, requestId: string, begun: boolean, place?: StreamPlace): string;
}

/** Where a relayed stream stands, for protocols whose events are numbered. */
export interface StreamPlace {
  /** What the next event has. */
  readonly sequenceNumber: number;
  /** Whose events they are: the answer's id. */
  readonly answerId?: string;
}

/** A request as it came in. */
export interface ClientRequest {
  readonly route: ClientRoute;
  readonly query: URLSearchParams;
  /** Lower-case names, as node:http gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** What routing needs to know of a request, read without parsing all of it. */
export interface RequestPeek {
  readonly model: string;
  readonly stream: boolean;
  /** Which conversation the client says this is (rule 444); absent: it does not say. */
  readonly session?: string;
  /** Where the body's top-level members stand, so that relaying need not look again. */
  readonly members: ReadonlyMap<string, Span>;
}

/** One model of the list a client is shown. */
export interface ModelEntry {
  readonly id: string;
  readonly maxInputTokens?: number;
  readonly maxOutputTokens?: number;
}

/** An HTTP answer of our own making. */
export interface ClientAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What encoding an answer for a client may depend on. */
export interface AnswerContext {
  /** The model as the client named it: what a translated answer calls itself. */
  readonly model: string;
  /** This gateway's id of the request. */
  readonly requestId: string;
  readonly sealer: StateSealer;
  readonly losses: LossLedger;
  /** The request, where the answer's shape depends on it. */
  readonly request: ChatRequest;
  readonly route: ClientRoute;
  /** When the request came, in seconds since 1970, for protocols whose answers tell it. */
  readonly createdAt: number;
  /** A guess at the prompt's tokens, made when asked for: for protocols that must tell them before the upstream does (rule 260). */
  readonly estimatedInputTokens?: number;
  /** What is kept of the answer; absent where the client's protocol keeps nothing. */
  readonly keeping?: Keeping;
  /** What the answer is called already, whose beginning was relayed; absent: ids are made here. */
  readonly resumed?: ResumedNames;
}

/** What an upstream has called an answer that the gateway goes on with. */
export interface ResumedNames {
  readonly id: string;
  /** Its items, in their order, where the protocol names them. `silent`: one in which nothing is said, and nothing will be. */
  readonly items?: readonly { readonly id: string; readonly silent: boolean }[];
  /** All that is repeated wherever the answer is told as a whole, where the protocol does that. */
  readonly repeated?: JsonObject;
}

/** An answer that its client may refer to later (dossier A.3.2, C.16). */
export interface Keeping {
  /** Whether it is kept for as long as the client may expect: answers tell this. */
  readonly stored: boolean;
  /** The answer that this one goes on from. */
  readonly previous?: string;
  /** The conversation it belongs to. */
  readonly conversation?: string;
  /**
   * Takes the whole answer in the client protocol's words, once, when it is complete: with the opaque state of its items,
   * whether the client is told that or not.
   */
  keep(answer: JsonObject): void;
}

/** Writes events as a client's stream. Keeps the client protocol's grammar whatever comes. */
export interface StreamEncoder {
  /** Bytes to send, possibly none. After an `error` event the stream has ended as a failure. */
  push(event: ChatEvent): string;
}

/** A stream that an upstream of the client's own protocol wrote and its client has, as far as it came. */
export interface RelayedStream {
  readonly frames: readonly Frame[];
  /** What they say. */
  readonly events: readonly ChatEvent[];
}

/** What a client's message on a WebSocket asks for. */
export type SocketMessage =
  /** An answer, as a stream. */
  | {
      readonly type: "request";
      /** Requests of one lane are answered one after the other, those of different lanes at once; absent: the lane without a name. */
      readonly lane?: string;
      /** What would be posted for it. */
      readonly body: Buffer;
    }
  /** Nothing that takes time: these frames are all there is to say. */
  | { readonly type: "reply"; readonly frames: readonly string[] }
  | { readonly type: "refusal"; readonly lane?: string; readonly error: GatewayError };

/** How clients speak the protocol over a WebSocket: many requests on one connection, each event of an answer in a frame. */
export interface SocketSide {
  /** The route of every request on a connection to this path; `undefined`: connections are not made there. */
  route(pathname: string): ClientRoute | undefined;
  /** The handshake's headers (name, value, name, value) as a posted request would have them. */
  requestHeaders(rawHeaders: readonly string[]): string[];
  /** What a text frame asks for. Never throws. */
  read(frame: Buffer): SocketMessage;
  /** One event of a stream as a frame; `undefined` when only other framings need it. @param data what the event says. */
  eventFrame(data: string, lane: string | undefined): string | undefined;
  /** A failure before the answer began; `answer` is what a posted request would get. */
  errorFrame(answer: ClientAnswer, lane: string | undefined): string;
  /** The event that ends an answer which has begun, as a failure: one, because the next is taken for the next answer's. */
  failureEvent(error: GatewayError, requestId: string, place?: StreamPlace): string;
  /** An event that says nothing, for clients that give up on silence. */
  readonly heartbeat: string;
  /** What a connection with this many named lanes is told when it asks for one more. */
  tooManyLanes(limit: number): GatewayError;
  /** What a request is told that comes when its connection has been open for as long as it may be. */
  tooOld(limitMs: number): GatewayError;
}

/** A path of the protocol's, asked with another method than it takes. */
export interface WrongMethod {
  readonly allow: string;
}

/** How clients speak the protocol to us. */
export interface ClientSide {
  readonly id: ProtocolId;
  /** What the protocol calls the settings that the ledger has another name for, so that refusals name the caller's own field. */
  readonly settingNames?: ReadonlyMap<string, string>;
  /** The route a request is for; `undefined` when the path is not this protocol's. */
  route(method: string, pathname: string, query: URLSearchParams): ClientRoute | StoredRoute | WrongMethod | undefined;
  /** Whether headers and query are such as only this protocol's clients send: tells paths apart that protocols share. */
  speaks(headers: ClientRequest["headers"], query: URLSearchParams): boolean;
  streamStyle(route: ClientRoute): StreamStyle;
  /** @throws GatewayError `invalid-request`, naming the field. */
  peek(request: ClientRequest): RequestPeek;
  /** @throws GatewayError `invalid-request`, naming the field. */
  decodeRequest(request: ClientRequest, sealer: StateSealer): ChatRequest;
  /**
   * Which state of answers is kept for its clients: `all` where most drop fields that they do not know (rule 144), `texts` where
   * a proof that comes behind its text has no place. Absent: none.
   */
  readonly keptState?: "all" | "texts";
  /** How its clients leave state with the server; absent: they bring all of it with each request. */
  readonly stateful?: StatefulSide;
  encodeResponse(response: ChatResponse, context: AnswerContext): JsonObject;
  streamEncoder(context: AnswerContext): StreamEncoder;
  /**
   * Goes on with a stream that was not written here, as who has written it: `undefined` where what follows could not be made to
   * fit. Absent: it never can.
   */
  resumeStream?(relayed: RelayedStream, context: AnswerContext): StreamEncoder | undefined;
  /** @param route absent when the path is nobody's. */
  encodeError(error: GatewayError, requestId: string, route: ClientRoute | undefined): ClientAnswer;
  encodeTokenCount(tokens: number): JsonObject;
  /** @throws GatewayError `invalid-request` for bad paging parameters. */
  encodeModelList(models: readonly ModelEntry[], query: URLSearchParams): JsonObject;
  encodeModel(model: ModelEntry): JsonObject;
  /** Absent: the protocol is spoken over HTTP only. */
  readonly socket?: SocketSide;
}

/** Where a translated request goes. */
export interface EncodeTarget {
  /** The upstream's name of the model. */
  readonly model: string;
  readonly profile: Profile;
  /** Whose opaque state may be replayed. */
  readonly issuer: Issuer;
  readonly losses: LossLedger;
}

/** Where a relayed request goes. */
export interface RelayTarget {
  /** The upstream's name of the model. */
  readonly model: string;
  /** Whose opaque state may be replayed. */
  readonly issuer: Issuer;
  readonly sealer: StateSealer;
  readonly losses: LossLedger;
  /** How the server speaks Chat Completions, where that is the protocol and somebody knows. */
  readonly chat?: ChatDialect;
  /** Who minted state that travels as it was minted, without an envelope; `undefined`: nobody here knows. */
  mintedBy(state: string): Issuer | undefined;
  /** All state that {@link mintedBy} knows is this target's own: none of it need be looked for. */
  readonly knowsOwnOnly?: true;
  /** Fields that its vendor's own clients add for it and nobody else is to see, as far as it may see them (rule 439); absent: none. */
  readonly relayedFields?: readonly string[];
}

/** A request in the upstream's words. */
export interface EncodedRequest {
  /** Path and query below the provider's base URL. */
  readonly path: string;
  /** Protocol headers (version, betas), name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: string;
  /** Stop sequences that the upstream does not look for: the answer is to be searched for them (rules 196–198). */
  readonly scanStops?: readonly string[];
}

/** An answer that broke off to be asked for more. */
export interface BrokenOff {
  readonly finish: Finish;
  /** All that was said so far; kept only where the provider runs tools. */
  readonly items: readonly Content[];
}

/** Reads an upstream's stream. */
export interface StreamDecoder {
  /** Whether the protocol's own end was seen: {@link end} will find nothing missing. */
  readonly finished: boolean;
  push(frame: Frame): readonly ChatEvent[];
  /** The upstream's bytes ended: what is missing becomes an `error` event (rules 307, 308). */
  end(): readonly ChatEvent[];
}

/** What decoding an answer may depend on. */
export interface DecodeContext {
  /** The request that was sent, for names that were changed on the way; absent when it was relayed as it came. */
  readonly request?: ChatRequest;
  /** Who mints the state in this answer. */
  readonly issuer: Issuer;
}

/** Watches a relayed stream without changing it. */
export interface RelayTap {
  /** Looks at the next bytes. */
  push(bytes: Buffer): void;
  /** The upstream's bytes ended. */
  end(): void;
  /** Whether content has begun: from here on nothing can be tried elsewhere. */
  readonly begun: boolean;
  /** Whether the protocol's own end was seen. */
  readonly finished: boolean;
  /** The error the stream itself told. */
  readonly error: GatewayError | undefined;
  readonly usage: Usage | undefined;
  /** Opaque state seen so far, as it was minted; absent where the protocol has none. */
  readonly minted?: readonly string[];
  /** The whole answer, for protocols that repeat it at the end. */
  readonly answer?: JsonObject | undefined;
  /** Where the stream stands, for protocols that number its events. */
  readonly place?: StreamPlace | undefined;
}

/** What a relayed whole answer says of itself. */
export interface WholeAnswer {
  readonly usage?: Usage;
  readonly error?: GatewayError;
  /** Opaque state in it, as it was minted. */
  readonly minted?: readonly string[];
}

/** An upstream's failure, before anyone has classified it. */
export interface UpstreamFailure {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** How we speak the protocol to an upstream. */
export interface UpstreamSide {
  readonly id: ProtocolId;
  /** Path and query below the provider's base URL, for a request relayed as it came. */
  relayPath(operation: Operation, model: string, stream: boolean, query: URLSearchParams): string;
  /** Path below the provider's base URL of an answer that the provider keeps, where it can be deleted; absent: none keeps any. */
  answerPath?(id: string): string;
  /** Which client headers a relayed request keeps, by lower-case name. */
  relaysRequestHeader(name: string): boolean;
  /**
   * The relayed body with another model name; every other byte as it was, but for state that the target did not mint.
   * @param members where {@link RequestPeek} found the top-level members.
   */
  relayBody(body: Buffer, members: ReadonlyMap<string, Span>, target: RelayTarget): Buffer;
  /** Who minted the state in a relayed body, as far as that is known, from the newest on; absent where the protocol has none. */
  stateIssuers?(body: Buffer, known: Pick<RelayTarget, "sealer" | "mintedBy">): Iterable<Issuer>;
  relayTap(): RelayTap;
  /** Whether its servers fetch what lies at this address whatever the model; absent: at none. See also `Profile.fetches`. */
  fetchesUrl?(url: string): boolean;
  encodeRequest(request: ChatRequest, target: EncodeTarget): EncodedRequest;
  /**
   * Whether the model takes such a request in this protocol; absent: it takes any. Where it does not, another protocol is
   * spoken to it, if its provider knows one (rule 159).
   * @param request asked for only when the answer depends on it, because it may have to be decoded.
   */
  takes?(profile: Profile, request: () => ChatRequest): boolean;
  /**
   * Asks for the rest of an answer that broke off (rules 227, 240): `undefined` when there is none. Absent where no answer does.
   * @param first the request that began it.
   */
  continueRequest?(first: EncodedRequest, said: BrokenOff, target: EncodeTarget): EncodedRequest | undefined;
  /** Asks for a count of tokens; absent with {@link decodeTokenCount} where the protocol has no such question. */
  encodeTokenCount?(request: ChatRequest, target: EncodeTarget): EncodedRequest;
  /** @throws GatewayError `upstream` when there is no count in it. */
  decodeTokenCount?(body: JsonObject): number;
  streamDecoder(context: DecodeContext): StreamDecoder;
  /** What a relayed whole answer says of itself: tokens, or the error it is (rule 322). */
  inspectWhole(body: JsonObject): WholeAnswer;
  /** A whole answer as events; an error body becomes an `error` event (rule 322). */
  decodeResponse(body: JsonObject, context: DecodeContext): readonly ChatEvent[];
  /** What a failed answer means; never throws. */
  decodeError(failure: UpstreamFailure): GatewayError;
  /**
   * The limits that the head of an answer tells, whatever its status; absent where the protocol's servers tell none. Asked of
   * every answer. Never throws.
   * @param headers name, value, name, value.
   */
  rates?(headers: readonly string[]): readonly Rate[];
  /** Asks which models a provider has. */
  readonly modelList: ModelList;
}

/** One protocol. Without `client` it is spoken upstream only. */
export interface Protocol {
  readonly id: ProtocolId;
  readonly client?: ClientSide;
  readonly upstream: UpstreamSide;
}
