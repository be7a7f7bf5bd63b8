/** Chooses the lane for one target and makes what goes to its upstream. Decodes the client's request at most once. */
import { lessonOf } from "../catalog/lesson-wordings.ts";
import type { LessonMemory } from "../catalog/lesson-memory.ts";
import { layLesson } from "../catalog/lessons.ts";
import { modelFacts } from "../catalog/models.ts";
import type { ChatRequest, ProtocolId } from "../chat/chat.ts";
import { GatewayError } from "../chat/error.ts";
import { LossLedger, type Loss, type LossMode } from "../chat/loss.ts";
import type { Issuer, StateSealer } from "../chat/state.ts";
import type { Profile } from "../protocols/profile.ts";
import type { ClientRequest, ClientSide, EncodedRequest, Protocol, RequestPeek, UpstreamSide } from "../protocols/protocol.ts";
import { tokenCounts } from "../protocols/upstream-error.ts";
import type { Credential } from "../providers/provider.ts";
import type { Target } from "../routing/router.ts";
import { filterHeaders } from "../wire/headers.ts";
import { conversationKey } from "./conversation-key.ts";
import type { Lane } from "./lane.ts";
import { wantedMedia, withInlineMedia, type InlineMedia, type MediaStore, type WantedMedia } from "./media.ts";
import { RelayStreamLane, RelayWholeLane } from "./relay-lane.ts";
import { estimateInputTokens } from "./token-estimate.ts";
import { TranslateCountLane, TranslateStreamLane, TranslateWholeLane } from "./translate-lane.ts";

/** Tells a gateway its own requests, should one ever come back to it. */
export const HOP_HEADER = "x-dragoman-hop";

/** What preparing needs from the program. */
export interface PrepareContext {
  /** This process, among others of its kind. */
  readonly instanceId: string;
  readonly protocols: ReadonlyMap<string, Protocol>;
  readonly sealer: StateSealer;
  /** Whom we say we are on the translate lane. */
  readonly userAgent: string;
  readonly media: MediaStore;
  readonly lessons: LessonMemory;
  profileFor(place: { readonly platform: string; readonly model: string; readonly protocol: ProtocolId }): Profile;
}

/** A lane and the request that starts it. */
export interface Prepared {
  readonly lane: Lane;
  /** Whether the answer is a stream. */
  readonly streams: boolean;
  readonly path: string;
  /** Name, value, name, value; without what authorises the call. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly losses: readonly Loss[];
}

/** What is known of a request before it is decoded. */
export interface Asked {
  readonly client: ClientSide;
  readonly request: ClientRequest;
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly string[];
  readonly peek: RequestPeek;
  readonly lossMode: LossMode;
  readonly requestId: string;
  /** The virtual key's name; empty when none is asked for. */
  readonly caller: string;
  /** Which conversation it is, when the client says so. */
  readonly session?: string;
}

/** One client request on its way to whichever target takes it. */
export class Preparation {
  readonly #context: PrepareContext;
  readonly #client: ClientSide;
  readonly #request: ClientRequest;
  readonly #rawHeaders: readonly string[];
  readonly #peek: RequestPeek;
  readonly #lossMode: LossMode;
  readonly #requestId: string;
  readonly #caller: string;
  #conversation: string | undefined;
  /** Told by some protocols' answers, in seconds since 1970. */
  readonly #createdAt = Math.floor(Date.now() / 1000);
  #decoded: ChatRequest | undefined;
  /** What was fetched so far for targets that do not fetch it themselves. */
  #media: InlineMedia = new Map();
  #estimate: number | undefined;

  constructor(context: PrepareContext, asked: Asked) {
    this.#context = context;
    this.#client = asked.client;
    this.#request = asked.request;
    this.#rawHeaders = asked.rawHeaders;
    this.#peek = asked.peek;
    this.#lossMode = asked.lossMode;
    this.#requestId = asked.requestId;
    this.#caller = asked.caller;
    this.#conversation = asked.session;
  }

  /** What has to be fetched before {@link prepare} can encode for this target; mostly nothing. */
  missingMedia(target: Target): readonly WantedMedia[] {
    if (this.#relays(target)) return [];
    const wanted = wantedMedia(this.#decode(), this.#profile(target), this.#protocol(target).upstream);
    return wanted.filter(({ url }) => !this.#media.has(url));
  }

  /** @throws GatewayError `invalid-request` naming the part that could not be fetched. */
  async fetchMedia(missing: readonly WantedMedia[], signal: AbortSignal): Promise<void> {
    const fetched = await this.#context.media.fetchAll(this.#caller, missing, signal);
    this.#media = new Map([...this.#media, ...fetched]);
  }

  /** The model as the client names it. */
  get model(): string {
    return this.#peek.model;
  }

  /** The account that minted the newest opaque state of the conversation, when this target's platform did: it should stay (dossier D.4). */
  preferredAccount(target: Target): string | undefined {
    if (this.#relays(target)) return undefined;
    const items = this.#decode().items;
    for (let i = items.length - 1; i >= 0; i -= 1) {
      const item = items[i];
      const issuer = item && "state" in item ? item.state?.issuer : undefined;
      if (issuer?.account !== undefined && issuer.platform === target.provider.platform) return issuer.account;
    }
    return undefined;
  }

  /** Whether a target's refusal says how to ask it better: then {@link prepare} makes another request of it (rule 344). */
  learn(target: Target, error: GatewayError): boolean {
    const lesson = this.#relays(target) ? undefined : lessonOf(error, this.#profile(target));
    if (lesson) this.#context.lessons.learn(modelKey(target), this.#conversationKey(), lesson);
    return lesson !== undefined;
  }

  /** A target's complaint about too many tokens, with the numbers that clients look for in it (rules 330, 332, 333). */
  withCounts({ provider, model }: Target, error: GatewayError): GatewayError {
    const { tokens, upstreamMessage } = error.detail;
    if (error.kind !== "context-too-long" || tokens || tokenCounts(upstreamMessage ?? error.message)) return error;
    const { contextWindow: limit } = modelFacts(provider.platform, model);
    const input = limit === undefined ? 0 : estimateInputTokens(this.#decode(), "fine");
    // Far below it, the limit that was met is another.
    return limit === undefined || input < limit / 2 ? error : error.with({ tokens: { input: Math.max(input, limit + 1), limit } });
  }

  /** A count of the request's tokens, when it is asked for one that this target cannot make. */
  localCount(target: Target): number | undefined {
    if (this.#request.route.operation !== "count-tokens" || this.#relays(target)) return undefined;
    return this.#protocol(target).upstream.encodeTokenCount ? undefined : estimateInputTokens(this.#decode(), "fine");
  }

  /** @throws GatewayError when the request is at fault, or would lose more than its loss mode allows. */
  prepare(target: Target, credential: Credential): Prepared {
    const issuer: Issuer = { platform: target.provider.platform, model: target.model, account: credential.account };
    return this.#relays(target) ? this.#relay(target, issuer) : this.#translate(target, issuer);
  }

  #relays(target: Target): boolean {
    return target.protocol === this.#client.id;
  }

  #relay(target: Target, issuer: Issuer): Prepared {
    const { upstream } = this.#protocol(target);
    const { operation } = this.#request.route;
    const streams = operation === "generate" && this.#peek.stream;
    const losses = new LossLedger();
    return {
      streams,
      lane: streams
        ? new RelayStreamLane(upstream, this.#client.streamStyle(this.#request.route))
        : new RelayWholeLane(upstream, operation),
      path: upstream.relayPath(operation, target.model, this.#peek.stream, this.#request.query),
      headers: [
        ...filterHeaders(this.#rawHeaders, (name) => upstream.relaysRequestHeader(name)),
        "accept-encoding",
        "identity",
        HOP_HEADER,
        this.#context.instanceId,
      ],
      body: upstream.relayBody(this.#request.body, this.#peek.members, {
        model: target.model,
        issuer,
        sealer: this.#context.sealer,
        losses,
      }),
      losses: losses.losses,
    };
  }

  #translate(target: Target, issuer: Issuer): Prepared {
    const request = this.#decode();
    const { upstream } = this.#protocol(target);
    const losses = new LossLedger();
    const encodeTarget = { model: target.model, profile: this.#profile(target), issuer, losses };
    const counts = this.#request.route.operation === "count-tokens";
    const whole = this.#withMedia(request, encodeTarget.profile, upstream);
    const encoded = counts ? upstream.encodeTokenCount?.(whole, encodeTarget) : upstream.encodeRequest(whole, encodeTarget);
    if (!encoded) throw new GatewayError("unsupported", "The provider of this model does not count tokens.");
    const refused = losses.refusedBy(this.#lossMode);
    if (refused) {
      throw new GatewayError(
        "unsupported",
        `${refused.path}: the model that serves ${this.#peek.model} cannot be given this (${refused.code}), so nothing was sent.`,
        { field: refused.path },
      );
    }
    const roughly = (): number => (this.#estimate ??= estimateInputTokens(request, "rough"));
    const translation = {
      client: this.#client,
      upstream,
      answer: {
        model: this.#peek.model,
        requestId: this.#requestId,
        sealer: this.#context.sealer,
        losses,
        request,
        route: this.#request.route,
        createdAt: this.#createdAt,
        get estimatedInputTokens() {
          return roughly();
        },
      },
      decode: { request, issuer },
      ...(encoded.scanStops && { scanStops: encoded.scanStops }),
    };
    const lane = request.stream ? new TranslateStreamLane(translation) : new TranslateWholeLane(translation);
    return {
      streams: request.stream && !counts,
      lane: counts ? new TranslateCountLane(this.#client, upstream) : lane,
      ...this.#sent(encoded, request.stream && !counts),
      get losses() {
        return losses.losses;
      },
    };
  }

  /** The request with the bytes of what this target does not fetch itself. */
  #withMedia(request: ChatRequest, profile: Profile, upstream: UpstreamSide): ChatRequest {
    if (this.#media.size === 0) return request;
    const wanted = new Set(wantedMedia(request, profile, upstream).map(({ url }) => url));
    return withInlineMedia(request, new Map([...this.#media].filter(([url]) => wanted.has(url))));
  }

  /** What is known of the target's model, what it has taught included. */
  #profile(target: Target): Profile {
    const { provider, model, protocol } = target;
    const profile = this.#context.profileFor({ platform: provider.platform, model, protocol });
    const placed = provider.chat ? { ...profile, chat: provider.chat } : profile;
    return this.#context.lessons.lessonsFor(modelKey(target), () => this.#conversationKey()).reduce(layLesson, placed);
  }

  /** The client's own name of the conversation, else what its beginning is (rule 444). */
  #conversationKey(): string {
    this.#conversation ??= conversationKey(this.#caller, this.#decode());
    return this.#conversation;
  }

  #sent({ path, headers, body }: EncodedRequest, stream: boolean): Pick<Prepared, "path" | "headers" | "body"> {
    const own = ["content-type", "application/json", "accept", stream ? "text/event-stream" : "application/json"];
    return {
      path,
      headers: [
        ...own,
        "accept-encoding",
        "identity",
        "user-agent",
        this.#context.userAgent,
        HOP_HEADER,
        this.#context.instanceId,
        ...headers,
      ],
      body: Buffer.from(body),
    };
  }

  #decode(): ChatRequest {
    this.#decoded ??= this.#client.decodeRequest(this.#request, this.#context.sealer);
    return this.#decoded;
  }

  #protocol(target: Target): Protocol {
    const protocol = this.#context.protocols.get(target.protocol);
    if (!protocol) throw new GatewayError("internal", `No protocol ${target.protocol}.`);
    return protocol;
  }
}

function modelKey({ provider, model }: Target): string {
  return `${provider.name}/${model}`;
}
