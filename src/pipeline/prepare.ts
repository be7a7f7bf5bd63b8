/** Chooses the lane for one target and makes what goes to its upstream. Decodes the client's request at most once. */
import type { ChatRequest, ProtocolId } from "../chat/chat.ts";
import { GatewayError } from "../chat/error.ts";
import { LossLedger, type Loss, type LossMode } from "../chat/loss.ts";
import type { Issuer, StateSealer } from "../chat/state.ts";
import type { Profile } from "../protocols/profile.ts";
import type { ClientRequest, ClientSide, EncodedRequest, Protocol, RequestPeek } from "../protocols/protocol.ts";
import type { Credential } from "../providers/provider.ts";
import type { Target } from "../routing/router.ts";
import { filterHeaders } from "../wire/headers.ts";
import type { Lane } from "./lane.ts";
import { RelayStreamLane, RelayWholeLane } from "./relay-lane.ts";
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

/** One client request on its way to whichever target takes it. */
export class Preparation {
  readonly #context: PrepareContext;
  readonly #client: ClientSide;
  readonly #request: ClientRequest;
  readonly #rawHeaders: readonly string[];
  readonly #peek: RequestPeek;
  readonly #lossMode: LossMode;
  readonly #requestId: string;
  /** Told by some protocols' answers, in seconds since 1970. */
  readonly #createdAt = Math.floor(Date.now() / 1000);
  #decoded: ChatRequest | undefined;

  constructor(
    context: PrepareContext,
    client: ClientSide,
    request: ClientRequest,
    rawHeaders: readonly string[],
    peek: RequestPeek,
    lossMode: LossMode,
    requestId: string,
  ) {
    this.#context = context;
    this.#client = client;
    this.#request = request;
    this.#rawHeaders = rawHeaders;
    this.#peek = peek;
    this.#lossMode = lossMode;
    this.#requestId = requestId;
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
      lane: streams ? new RelayStreamLane(upstream) : new RelayWholeLane(upstream, operation),
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
    const encoded = counts ? upstream.encodeTokenCount?.(request, encodeTarget) : upstream.encodeRequest(request, encodeTarget);
    if (!encoded) throw new GatewayError("unsupported", "The provider of this model does not count tokens.");
    const refused = losses.refusedBy(this.#lossMode);
    if (refused) {
      throw new GatewayError(
        "unsupported",
        `${refused.path}: the model that serves ${this.#peek.model} cannot be given this (${refused.code}), so nothing was sent.`,
        { field: refused.path },
      );
    }
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
      },
      decode: { request, issuer },
      ...(encoded.scanStops && { scanStops: encoded.scanStops }),
    };
    const whole = request.stream ? new TranslateStreamLane(translation) : new TranslateWholeLane(translation);
    return {
      streams: request.stream && !counts,
      lane: counts ? new TranslateCountLane(this.#client, upstream) : whole,
      ...this.#sent(encoded, request.stream && !counts),
      get losses() {
        return losses.losses;
      },
    };
  }

  #profile({ provider, model, protocol }: Target): Profile {
    const profile = this.#context.profileFor({ platform: provider.platform, model, protocol });
    return provider.chat ? { ...profile, chat: provider.chat } : profile;
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
