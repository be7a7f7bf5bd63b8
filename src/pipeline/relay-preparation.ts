/** Makes what goes to an upstream of the client's own protocol: what the client sent, but for the model's name and state that is not the target's. */
import { LossLedger } from "../chat/loss.ts";
import type { Issuer, StateSealer } from "../chat/state.ts";
import type { ClientRequest, ClientSide, RelayTarget, RequestPeek, UpstreamSide } from "../protocols/protocol.ts";
import type { Provider } from "../providers/provider.ts";
import type { Target } from "../routing/target.ts";
import { filterHeaders } from "../wire/headers.ts";
import { HOP_HEADER, hopsAfter } from "./hops.ts";
import type { Prepared } from "./lane.ts";
import type { MintedStates } from "./minted-states.ts";
import { RelayStreamLane, RelayWholeLane, type RelayWatch, type ResumeRelayed } from "./relay-lane.ts";
import type { AnsweredBy, RequestState } from "./request-state.ts";

/** What relaying needs from the program. */
export interface RelayContext {
  /** This process, among others of its kind. */
  readonly instanceId: string;
  readonly mintedStates: MintedStates;
}

/** A request as it came. */
export interface RelayAsked {
  readonly client: ClientSide;
  readonly request: ClientRequest;
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly string[];
  readonly peek: RequestPeek;
  /** What it refers to, and what becomes of its answer; absent where the protocol's clients leave nothing with the server. */
  readonly state?: RequestState;
}

/** One request on its way to whoever speaks its protocol. */
export class RelayPreparation {
  readonly #context: RelayContext;
  readonly #asked: RelayAsked;
  readonly #sealer: StateSealer;

  constructor(context: RelayContext, asked: RelayAsked, sealer: StateSealer) {
    this.#context = context;
    this.#asked = asked;
    this.#sealer = sealer;
  }

  /**
   * @param resume absent: another attempt is not to go on with an answer that breaks off.
   * @throws GatewayError `invalid-request` when the body had to be searched and is not JSON.
   */
  prepare(upstream: UpstreamSide, target: Target, server: AnsweredBy, resume?: ResumeRelayed): Prepared {
    const { client, request, peek } = this.#asked;
    const { operation } = request.route;
    const streams = operation === "generate" && peek.stream;
    const losses = new LossLedger();
    const { body, members } = this.#known(upstream, server, losses);
    const watch = this.#watch(server);
    return {
      streams,
      lane: streams
        ? new RelayStreamLane(upstream, client.streamStyle(request.route), watch, resume)
        : new RelayWholeLane(upstream, operation, watch),
      path: upstream.relayPath(operation, target.model, peek.stream, request.query),
      headers: this.#headers(upstream, target.provider),
      body: upstream.relayBody(body, members, this.#target(target, issuerAt(server), losses)),
      losses: losses.losses,
    };
  }

  /** Who minted the state in the body, as far as that is known, from the newest on. */
  stateIssuers(upstream: UpstreamSide): Iterable<Issuer> {
    const { mintedStates } = this.#context;
    const known = { sealer: this.#sealer, mintedBy: (state: string) => mintedStates.issuerOf(state) };
    return upstream.stateIssuers?.(this.#asked.request.body, known) ?? [];
  }

  /** The body with what it refers to, as far as the upstream does not know that. */
  #known(upstream: UpstreamSide, server: AnsweredBy, losses: LossLedger): Pick<ClientRequest, "body"> & Pick<RequestPeek, "members"> {
    const { request, peek, state } = this.#asked;
    if (!state) return { body: request.body, members: peek.members };
    return state.relayed(server, losses, (answer, gave) => {
      for (const value of upstream.inspectWhole(answer).minted ?? []) this.#context.mintedStates.remember(value, issuerAt(gave));
    });
  }

  #watch(server: AnsweredBy): RelayWatch {
    const { mintedStates } = this.#context;
    const { state } = this.#asked;
    const issuer = issuerAt(server);
    return {
      minted: (value) => mintedStates.remember(value, issuer),
      ...(state && { answered: (answer) => state.keepRelayed(answer, server) }),
    };
  }

  #headers(upstream: UpstreamSide, { relayedHeaders }: Provider): readonly string[] {
    const { rawHeaders, request } = this.#asked;
    const passes = (name: string): boolean => upstream.relaysRequestHeader(name) || relayedHeaders.some((start) => name.startsWith(start));
    const hops = hopsAfter(request.headers, this.#context.instanceId);
    return [...filterHeaders(rawHeaders, passes), "accept-encoding", "identity", HOP_HEADER, hops];
  }

  #target({ model, provider }: Target, issuer: Issuer, losses: LossLedger): RelayTarget {
    const { mintedStates } = this.#context;
    return {
      model,
      issuer,
      sealer: this.#sealer,
      losses,
      ...(provider.chat && { chat: provider.chat }),
      mintedBy: (value) => mintedStates.issuerOf(value),
      ...(!mintedStates.knowsForeignTo(issuer) && { knowsOwnOnly: true }),
      relayedFields: provider.relayedFields,
    };
  }
}

/** Whoever answers, as the minter of the state in its answer. */
export function issuerAt({ platform, model, account }: AnsweredBy): Issuer {
  return { platform, model, account };
}
