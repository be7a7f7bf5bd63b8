/** Chooses the lane for one target and makes what goes to its upstream. Decodes the client's request at most once. */
import type { ChatRequest } from "../chat/chat.ts";
import { GatewayError } from "../chat/error.ts";
import type { ChatEvent } from "../chat/events.ts";
import { writeJson } from "../chat/json.ts";
import { LossLedger } from "../chat/loss.ts";
import { createStateSealer, type Issuer, type StateSealer } from "../chat/state.ts";
import type { AnswerContext, ClientRequest, ClientSide, Protocol, RequestPeek, UpstreamSide } from "../protocols/protocol.ts";
import type { Credential } from "../providers/provider.ts";
import type { Step, Target } from "../routing/target.ts";
import type { AnswerStates, ConversationState } from "./answer-states.ts";
import { conversationKey } from "./conversation-key.ts";
import type { ClientStream } from "./client-stream.ts";
import { Regenerated } from "./continuation.ts";
import type { Lane, Prepared } from "./lane.ts";
import { RequestMedia, type MediaStore, type WantedMedia } from "./media.ts";
import { blamesProtocol, type ProtocolMemory } from "./protocol-memory.ts";
import { isRecoverable, Recovery, type BrokenAnswer } from "./recovery.ts";
import { issuerAt, RelayPreparation, type RelayAsked, type RelayContext } from "./relay-preparation.ts";
import type { AnsweredBy, RequestState } from "./request-state.ts";
import { resumeRelayed } from "./resume-relayed.ts";
import { RequestTranslation, type Addressed, type Asking, type TranslationAsked, type TranslationContext } from "./request-translation.ts";
import { Said } from "./said.ts";
import type { StateKeeper } from "./state-keeper.ts";
import { TargetFacts, withTokenCounts, type TargetFactsContext } from "./target-facts.ts";
import { estimateInputTokens } from "./token-estimate.ts";
import { TranslateCountLane, TranslateStreamLane, TranslateWholeLane } from "./translate-lane.ts";

/** What preparing needs from the program. */
export interface PrepareContext extends TargetFactsContext, RelayContext, TranslationContext {
  readonly protocols: ReadonlyMap<string, Protocol>;
  /** Authenticate opaque state in clients' hands: the first seals, all verify. */
  readonly stateKeys: readonly [Buffer, ...Buffer[]];
  readonly media: MediaStore;
  readonly answerStates: AnswerStates;
  readonly protocolMemory: ProtocolMemory;
}

/** What is known of a request before it is decoded. */
export interface Asked extends RelayAsked, TranslationAsked {
  readonly requestId: string;
  /** The virtual key's name; empty when none is asked for. */
  readonly caller: string;
  /** Which conversation it is, when the client says so. */
  readonly session?: string;
  /** Whether a stream that breaks off may go on with another attempt. */
  readonly recovers?: boolean;
}

/** One client request on its way to whichever target takes it. */
export class Preparation {
  readonly #context: PrepareContext;
  readonly #client: ClientSide;
  readonly #request: ClientRequest;
  readonly #peek: RequestPeek;
  readonly #requestId: string;
  readonly #caller: string;
  readonly #state: RequestState | undefined;
  #conversation: string | undefined;
  /** Told by some protocols' answers, in seconds since 1970. */
  readonly #createdAt = Math.floor(Date.now() / 1000);
  #decoded: ChatRequest | undefined;
  /** Opaque state of the conversation that is kept for its client, once the request is decoded. */
  #opaque: ConversationState | undefined;
  readonly #media: RequestMedia;
  /** State belongs to the virtual key that it was minted for. */
  readonly #sealer: StateSealer;
  readonly #facts: TargetFacts;
  readonly #relay: RelayPreparation;
  readonly #translation: RequestTranslation;
  #estimate: number | undefined;
  readonly #recovers: boolean;
  #recovery: Recovery | undefined;
  /** What the answer that the client gets has lost so far. */
  #losses = new LossLedger();

  constructor(context: PrepareContext, asked: Asked) {
    this.#context = context;
    this.#client = asked.client;
    this.#request = asked.request;
    this.#peek = asked.peek;
    this.#requestId = asked.requestId;
    this.#caller = asked.caller;
    this.#state = asked.state;
    this.#conversation = asked.session;
    this.#recovers = asked.recovers === true && asked.peek.stream && asked.request.route.operation === "generate";
    this.#sealer = createStateSealer(context.stateKeys, asked.caller);
    this.#media = new RequestMedia(context.media, asked.caller);
    this.#facts = new TargetFacts(context, () => this.#conversationKey());
    this.#relay = new RelayPreparation(context, asked, this.#sealer);
    this.#translation = new RequestTranslation(context, asked, this.#media);
  }

  /** What has to be fetched before {@link prepare} can encode for this target; mostly nothing. */
  missingMedia(target: Target): readonly WantedMedia[] {
    if (this.#relays(target)) return [];
    return this.#media.missing(this.#decode(), this.#facts.profile(target), this.#protocol(target).upstream);
  }

  /** @throws GatewayError `invalid-request` naming the part that could not be fetched. */
  fetchMedia(missing: readonly WantedMedia[], signal: AbortSignal): Promise<void> {
    return this.#media.fetch(missing, signal);
  }

  /** The model as the client names it. */
  get model(): string {
    return this.#peek.model;
  }

  /**
   * The account that gave the answer which this request goes on from, else the one that minted the newest opaque state of the
   * conversation, when this target's platform did: it should stay (dossier D.4).
   * @param others whether other targets are in the same pool: then only who minted the newest counts.
   */
  preferredAccount(target: Target, others: boolean): string | undefined {
    if (others) return this.#state?.preferredAccount(target.provider.name) ?? this.#newestAccount(target);
    // Where there is one account only, nobody need look which it is.
    if (target.provider.credentials.length < 2) return undefined;
    const kept = this.#state?.preferredAccount(target.provider.name);
    if (kept !== undefined) return kept;
    for (const issuer of this.#stateIssuers(target))
      if (issuer.account !== undefined && issuer.platform === target.provider.platform) return issuer.account;
    return undefined;
  }

  /**
   * The steps with the one first that minted the newest opaque state of the conversation: it should stay there (dossier D.4).
   * For steps whose order nobody stated.
   */
  homeFirst(steps: readonly Step[]): readonly Step[] {
    if (steps.length < 2) return steps;
    const home = steps.find(({ targets }) => targets.some((target) => this.#newestAccount(target) !== undefined));
    return home ? [home, ...steps.filter((step) => step !== home)] : steps;
  }

  /** The account of this target that minted the newest opaque state of the conversation. */
  #newestAccount(target: Target): string | undefined {
    const { platform, credentials } = target.provider;
    try {
      for (const issuer of this.#stateIssuers(target)) {
        return issuer.platform === platform ? credentials.find(({ account }) => account === issuer.account)?.account : undefined;
      }
    } catch (thrown) {
      // What cannot be read here may be relayed elsewhere.
      if (!(thrown instanceof GatewayError)) throw thrown;
    }
    return undefined;
  }

  /** Who minted the state of the conversation, as far as that is known, from the newest on. */
  *#stateIssuers(target: Target): Iterable<Issuer> {
    if (this.#relays(target)) {
      yield* this.#relay.stateIssuers(this.#protocol(target).upstream);
      return;
    }
    const { items } = this.#decode();
    for (let i = items.length - 1; i >= 0; i -= 1) {
      const item = items[i];
      if (item && "state" in item && item.state) yield item.state.issuer;
    }
  }

  /** What a target's failure comes to on the translate lane: it may lack numbers that clients look for. */
  explain(target: Target, error: GatewayError): GatewayError {
    if (error.kind !== "context-too-long" || this.#relays(target)) return error;
    return withTokenCounts(target, error, () => estimateInputTokens(this.#decode(), "fine"));
  }

  /** Whether a target's refusal says how to ask it better: then {@link prepare} makes another request of it (rule 344). */
  learn(target: Target, error: GatewayError): boolean {
    return this.#relays(target) ? (this.#state?.forgottenBy(error) ?? false) : this.#facts.learn(target, error);
  }

  /** A count of the request's tokens, when it is asked for one that this target cannot make. */
  localCount(target: Target): number | undefined {
    if (this.#request.route.operation !== "count-tokens" || this.#relays(target)) return undefined;
    return this.#protocol(target).upstream.encodeTokenCount ? undefined : estimateInputTokens(this.#decode(), "fine");
  }

  /** What becomes of an answer that broke off; absent: none has, or it may not go on. */
  get recovery(): Recovery | undefined {
    return this.#recovery;
  }

  /** Whether an answer that its client has begun to read may go on with another attempt: {@link prepare} makes such ones then. */
  goesOn(lane: Lane, error: GatewayError): boolean {
    if (!this.#recovers) return false;
    if (!this.#recovery && !isRecoverable(error)) return false;
    this.#recovery ??= new Recovery(error, resumed(lane));
    this.#recovery.failed(error, lane.usage);
    return this.#recovery.broken !== undefined;
  }

  /** @throws GatewayError when the request is at fault, or would lose more than its loss mode allows. */
  prepare(target: Target, credential: Credential): Prepared {
    const { name: provider, platform } = target.provider;
    const server: AnsweredBy = { provider, platform, model: target.model, account: credential.account };
    const broken = this.#recovery?.broken;
    if (broken) return this.#goOn(target, server, broken);
    if (!this.#relays(target)) return this.#translate(target, server);
    const { upstream } = this.#protocol(target);
    return this.#relay.prepare(upstream, target, server, this.#recovers ? (passed) => this.#resume(passed, upstream, server) : undefined);
  }

  /**
   * The target as this request is spoken to it: in another of its protocols where the model does not take such a request in
   * the first (rule 159).
   */
  spoken(target: Target): Target {
    if (target.protocols.length === 1) return target;
    const first = this.#context.protocolMemory.insteadOf(target) ?? target.protocol;
    const taking = [first, ...target.protocols].find((protocol) => this.#takes({ ...target, protocol })) ?? first;
    return taking === target.protocol ? target : { ...target, protocol: taking };
  }

  /** The target in another of its protocols, after a refusal that may have meant the one it was asked in. */
  inOtherProtocol(target: Target, error: GatewayError): Target | undefined {
    if (target.protocols.length === 1 || !blamesProtocol(error)) return undefined;
    const others = target.protocols.filter((protocol) => protocol !== target.protocol).map((protocol) => ({ ...target, protocol }));
    return others.find((other) => this.#takes(other));
  }

  /** A target that was refused in one protocol was served in another. */
  rememberProtocol(refused: Target, served: Target): void {
    this.#context.protocolMemory.remember(refused, served.protocol);
  }

  #takes(target: Target): boolean {
    return this.#protocol(target).upstream.takes?.(this.#facts.profile(target), () => this.#decode()) ?? true;
  }

  #relays(target: Target): boolean {
    return target.protocol === this.#client.id;
  }

  #translate(target: Target, server: AnsweredBy): Prepared {
    const request = this.#decode();
    const addressed = this.#addressed(target, server);
    const losses = new LossLedger();
    this.#losses = losses;
    const counts = this.#request.route.operation === "count-tokens";
    const { sent, ...asking } = this.#translation.ask(request, addressed, losses);
    const translation = {
      client: this.#client,
      upstream: addressed.upstream,
      answer: this.#answerContext(losses, counts ? undefined : server),
      ...asking,
      ...this.#keeper(),
      ...(this.#recovers && isOneAnswer(request) && { said: new Said() }),
    };
    const lane = request.stream ? new TranslateStreamLane(translation) : new TranslateWholeLane(translation);
    return {
      ...sent,
      streams: request.stream && !counts,
      lane: counts ? new TranslateCountLane(this.#client, addressed.upstream) : lane,
      get losses() {
        return losses.losses;
      },
    };
  }

  /** An attempt that goes on with an answer which broke off. */
  #goOn(target: Target, server: AnsweredBy, broken: BrokenAnswer): Prepared {
    const losses = this.#losses;
    const addressed = this.#addressed(target, server);
    const again = (): Asking => {
      if (!this.#relays(target)) return this.#translation.ask(this.#decode(), addressed, losses);
      // As it came, so that the prompt stays the same to the byte.
      const { path, headers, body } = this.#relay.prepare(addressed.upstream, target, server);
      return { sent: { path, headers, body }, decode: { issuer: issuerAt(server) } };
    };
    const prefilled = this.#translation.askOn(this.#decode(), broken.said, addressed, losses);
    const { sent, continuation, ...asking } = prefilled ?? { ...again(), continuation: new Regenerated(broken.said) };
    broken.recovery.trying(prefilled ? "prefill" : "regenerated");
    const answer = this.#answerContext(losses, server);
    const resumed = { ...broken, continuation };
    return {
      ...sent,
      streams: true,
      lane: new TranslateStreamLane({ client: this.#client, upstream: addressed.upstream, answer, ...asking, resumed }),
      get losses() {
        return losses.losses;
      },
    };
  }

  /** A stream that goes on with what was relayed. @throws GatewayError when the request cannot be read here. */
  #resume(passed: Buffer, upstream: UpstreamSide, server: AnsweredBy): ClientStream | undefined {
    const request = this.#decode();
    if (!isOneAnswer(request)) return undefined;
    const answer = this.#answerContext(this.#losses, server);
    return resumeRelayed(passed, { client: this.#client, upstream, answer, issuer: issuerAt(server), ...this.#keeper() });
  }

  #keeper(): { readonly keeper?: StateKeeper } {
    const { keptState } = this.#client;
    return keptState && this.#opaque ? { keeper: this.#opaque.keeper(keptState) } : {};
  }

  #addressed(target: Target, server: AnsweredBy): Addressed {
    return {
      model: target.model,
      upstream: this.#protocol(target).upstream,
      profile: this.#facts.profile(target),
      issuer: issuerAt(server),
    };
  }

  /** What a request that asks for no answer is told: one without content, from which its client goes on (rule 365). */
  emptyAnswer(): string {
    const context = this.#answerContext(new LossLedger(), undefined);
    const usage = { input: 0, output: 0 };
    const finish = { reason: "stop" } as const;
    if (!this.#peek.stream) return writeJson(this.#client.encodeResponse({ items: [], usage, finish }, context));
    const encoder = this.#client.streamEncoder(context);
    const events: readonly ChatEvent[] = [{ type: "start" }, { type: "usage", usage }, { type: "finish", finish }];
    return events.map((event) => encoder.push(event)).join("");
  }

  /** @param server who answers; absent: nobody. */
  #answerContext(losses: LossLedger, server: AnsweredBy | undefined): AnswerContext {
    const request = this.#decode();
    const roughly = (): number => (this.#estimate ??= estimateInputTokens(request, "rough"));
    return {
      model: this.#peek.model,
      requestId: this.#requestId,
      sealer: this.#sealer,
      losses,
      request,
      route: this.#request.route,
      createdAt: this.#createdAt,
      get estimatedInputTokens() {
        return roughly();
      },
      ...(this.#state && { keeping: this.#state.keeping(server) }),
    };
  }

  /** Which conversation this is by how it begins; `undefined` when that cannot be read. */
  conversationByContent(): string | undefined {
    try {
      return this.#conversationKey();
    } catch (thrown) {
      // A relayed request may have a form that only its upstream knows.
      if (thrown instanceof GatewayError) return undefined;
      throw thrown;
    }
  }

  /** The client's own name of the conversation, else what its beginning is (rule 444). */
  #conversationKey(request = this.#decode()): string {
    this.#conversation ??= conversationKey(this.#caller, request);
    return this.#conversation;
  }

  /** Whose conversation it is: sessions are named by clients, and two callers' may have one name. */
  #whose(request?: ChatRequest): string {
    return `${this.#caller}\n${this.#conversationKey(request)}`;
  }

  #decode(): ChatRequest {
    if (this.#decoded) return this.#decoded;
    const sent = this.#client.decodeRequest(this.#state?.expanded ?? this.#request, this.#sealer);
    if (this.#client.keptState) this.#opaque = this.#context.answerStates.open(sent, () => this.#whose(sent));
    this.#decoded = this.#opaque?.restored() ?? sent;
    return this.#decoded;
  }

  #protocol(target: Target): Protocol {
    const protocol = this.#context.protocols.get(target.protocol);
    if (!protocol) throw new GatewayError("internal", `No protocol ${target.protocol}.`);
    return protocol;
  }
}

/** Whether nothing else comes of the request than one answer, in its own words. */
function isOneAnswer({ compaction, choices = 1 }: ChatRequest): boolean {
  return compaction !== true && choices === 1;
}

/** The client's stream as far as it came; `undefined` where nobody can go on with it. */
function resumed(lane: Lane): ClientStream | undefined {
  try {
    return lane.resume?.();
  } catch (thrown) {
    // It was relayed to somebody who could read what cannot be read here.
    if (thrown instanceof GatewayError) return undefined;
    throw thrown;
  }
}
