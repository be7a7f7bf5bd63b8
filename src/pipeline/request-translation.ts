/** Makes what goes to an upstream of another protocol than the client's, and knows how its answer is to be read. */
import type { ChatRequest } from "../chat/chat.ts";
import { GatewayError } from "../chat/error.ts";
import { LOSS_KINDS } from "../chat/loss-codes.ts";
import { LossLedger, type LossMode } from "../chat/loss.ts";
import type {
  BrokenOff,
  ClientRequest,
  ClientSide,
  EncodedRequest,
  EncodeTarget,
  RequestPeek,
  UpstreamSide,
} from "../protocols/protocol.ts";
import { Prefilled } from "./continuation.ts";
import { HOP_HEADER, hopsAfter } from "./hops.ts";
import type { LaneRequest } from "./lane.ts";
import type { RequestMedia } from "./media.ts";
import { prefillOf } from "./prefill.ts";
import { Rounds } from "./rounds.ts";
import type { SaidItem } from "./said.ts";
import type { Translation } from "./translate-lane.ts";

/** What translating needs from the program. */
export interface TranslationContext {
  /** This process, among others of its kind. */
  readonly instanceId: string;
  /** Whom we say we are. */
  readonly userAgent: string;
}

/** A request as it came. */
export interface TranslationAsked {
  readonly client: ClientSide;
  readonly request: ClientRequest;
  readonly peek: RequestPeek;
  readonly lossMode: LossMode;
}

/** Where a translated request goes. */
export interface Addressed extends Omit<EncodeTarget, "losses"> {
  readonly upstream: UpstreamSide;
}

/** A request on its way, and how its answer is read. */
export interface Asking extends Pick<Translation, "decode" | "scanStops" | "rounds"> {
  readonly sent: LaneRequest;
}

/** One client request on its way to whoever does not speak its protocol. */
export class RequestTranslation {
  readonly #context: TranslationContext;
  readonly #asked: TranslationAsked;
  readonly #media: RequestMedia;

  constructor(context: TranslationContext, asked: TranslationAsked, media: RequestMedia) {
    this.#context = context;
    this.#asked = asked;
    this.#media = media;
  }

  /** @throws GatewayError when the request is at fault, or would lose more than its loss mode allows. */
  ask(request: ChatRequest, addressed: Addressed, losses: LossLedger): Asking {
    const { upstream, issuer } = addressed;
    const target = { ...addressed, losses };
    const counts = this.#asked.request.route.operation === "count-tokens";
    const whole = this.#media.inline(request, addressed.profile, upstream);
    const encoded = counts ? upstream.encodeTokenCount?.(whole, target) : upstream.encodeRequest(whole, target);
    if (!encoded) throw new GatewayError("unsupported", "The provider of this model does not count tokens.");
    this.#refuse(losses);
    return {
      sent: this.#sent(encoded, request.stream && !counts),
      decode: { request, issuer },
      ...(encoded.scanStops && { scanStops: encoded.scanStops }),
      ...this.#rounds(encoded, upstream, request, target),
    };
  }

  /**
   * Asks for the rest of an answer that broke off, from the text on that the client has.
   * @returns `undefined` where the model does not go on from there: it is to be asked all over again.
   */
  askOn(
    request: ChatRequest,
    said: readonly SaidItem[],
    addressed: Addressed,
    losses: LossLedger,
  ): (Asking & { readonly continuation: Prefilled }) | undefined {
    const { upstream, profile } = addressed;
    const prefill = prefillOf(request, said, profile);
    if (!prefill || this.#media.missing(prefill.request, profile, upstream).length > 0) return undefined;
    const tried = new LossLedger();
    upstream.encodeRequest(prefill.request, { ...addressed, losses: tried });
    if (tried.losses.some(({ code }) => code === "prefill" || code === "prefill-trimmed")) return undefined;
    return { ...this.ask(prefill.request, addressed, losses), continuation: new Prefilled(prefill.text, prefill.given) };
  }

  #refuse(losses: LossLedger): void {
    const { client, peek, lossMode } = this.#asked;
    const refused = losses.refusedBy(lossMode);
    if (!refused) return;
    const path = client.settingNames?.get(refused.path) ?? refused.path;
    throw new GatewayError(
      "unsupported",
      `${path}: the model that serves ${peek.model} cannot be given this (${refused.code}), so nothing was sent. ${LOSS_KINDS[refused.code].remedy}`,
      { field: path },
    );
  }

  /** For answers that break off to be asked for more. What is then said back is the model's own: nothing of it is a loss. */
  #rounds(first: EncodedRequest, upstream: UpstreamSide, request: ChatRequest, target: EncodeTarget): { readonly rounds?: Rounds } {
    if (!upstream.continueRequest) return {};
    const askOn = (said: BrokenOff): LaneRequest | undefined => {
      const next = upstream.continueRequest?.(first, said, { ...target, losses: new LossLedger() });
      return next && this.#sent(next, request.stream);
    };
    return { rounds: new Rounds({ askOn, keepsItems: request.tools.some(({ type }) => type === "hosted"), losses: target.losses }) };
  }

  #sent({ path, headers, body }: EncodedRequest, stream: boolean): LaneRequest {
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
        hopsAfter(this.#asked.request.headers, this.#context.instanceId),
        ...headers,
      ],
      body: Buffer.from(body),
    };
  }
}
