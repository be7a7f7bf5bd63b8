/** The client's end of a stream that is written here: it outlives an attempt where another goes on with its answer. */
import { GatewayError } from "../chat/error.ts";
import type { ChatEvent } from "../chat/events.ts";
import { GrammarChecker } from "../chat/grammar.ts";
import type { StreamEncoder } from "../protocols/protocol.ts";
import type { Said, SaidItem } from "./said.ts";
import type { StateKeeper } from "./state-keeper.ts";

/** Follows the grammar of every stream when `DRAGOMAN_DEBUG` names it; a fault is ours and fails the request. */
const CHECK_GRAMMAR = (process.env["DRAGOMAN_DEBUG"] ?? "").split(",").includes("grammar");

/** What hears the events beside the client. */
interface Hearers {
  /** Keeps what the client will not send back. */
  readonly keeper?: StateKeeper | undefined;
  /** Knows what the client has; absent: nobody need know. */
  readonly said?: Said | undefined;
}

export class ClientStream {
  readonly #encoder: StreamEncoder;
  readonly #keeper: StateKeeper | undefined;
  readonly #said: Said | undefined;
  readonly #checker = CHECK_GRAMMAR ? new GrammarChecker() : undefined;

  constructor(encoder: StreamEncoder, { keeper, said }: Hearers) {
    this.#encoder = encoder;
    this.#keeper = keeper;
    this.#said = said;
  }

  /** What the client has, for another attempt; `undefined`: none can go on with this answer. */
  said(): readonly SaidItem[] | undefined {
    return this.#said?.items();
  }

  /** What this event breaks, when anybody looks. */
  check(event: ChatEvent): GatewayError | undefined {
    const fault = this.#checker?.push(event);
    return fault === undefined ? undefined : ungrammatical(fault);
  }

  /** What is missing at the end of the answer, when anybody looks. */
  checkEnd(): GatewayError | undefined {
    const missing = this.#checker?.end();
    return missing === undefined ? undefined : ungrammatical(missing);
  }

  /** Bytes for the client. */
  push(event: ChatEvent): string {
    this.hear(event);
    return this.#encoder.push(event);
  }

  /** Notes an event that the client has been told of. */
  hear(event: ChatEvent): void {
    this.#keeper?.push(event);
    this.#said?.push(event);
  }
}

function ungrammatical(fault: string): GatewayError {
  return new GatewayError("internal", `A decoder broke the event grammar: ${fault}.`);
}
