/**
 * A lane is the way an answer takes from the upstream's bytes to the client's: untouched (relay) or through the neutral
 * representation (translate). One lane serves one attempt.
 */
import type { Usage } from "../chat/chat.ts";
import type { GatewayError } from "../chat/error.ts";
import type { Loss } from "../chat/loss.ts";
import type { StreamPlace } from "../protocols/protocol.ts";
import type { AnswerHead } from "./answer.ts";
import type { ClientStream } from "./client-stream.ts";

/** Bytes for the client; empty or absent when there are none yet. */
export type LaneOutput = Buffer | string | undefined;

/** What a lane has to say to its upstream. */
export interface LaneRequest {
  readonly path: string;
  /** Name, value, name, value; without what authorises the call. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export interface Lane {
  readonly name: "relay" | "translate";
  /**
   * The upstream accepted the request.
   * @returns what the client's head will be.
   * @throws GatewayError when this is no answer to the request (an HTML page, say).
   */
  open(status: number, headers: readonly string[]): AnswerHead;
  push(chunk: Buffer): LaneOutput;
  /**
   * The upstream's answer has ended; what is missing shows in {@link error}.
   * @param cutOff whether the end is only that of the connection: the event in the middle of which it came is not one.
   */
  end(cutOff?: boolean): LaneOutput;
  /** Once {@link end} was called: the request for the rest of an answer that broke off to be asked for it. */
  readonly rest?: LaneRequest | undefined;
  /** That request is on its way: what {@link open} and {@link push} get from here on answers it. */
  goOn?(): void;
  /** Whether content has begun, in what answers the latest request: output before this is held back, so that another attempt may still replace it. */
  readonly begun: boolean;
  /** Whether the answer is complete, whatever the connection does now. */
  readonly finished: boolean;
  /** Whether it is complete though the upstream goes on: the rest is not wanted. */
  readonly cut?: boolean;
  /** The upstream failed in the middle of its answer. */
  readonly error: GatewayError | undefined;
  /** Whether the output itself already tells the client about {@link error}. */
  readonly errorTold: boolean;
  /** What ends an answer that has begun and will never be whole, in its own numbering; `undefined`, or absent: the protocol's error event will do. */
  fail?(error: GatewayError): string | undefined;
  /** Of an answer that broke off: the client's stream as far as it came, for another attempt to go on with. `undefined`, or absent: none can. */
  resume?(): ClientStream | undefined;
  /** Where what was relayed so far stands, for the protocol's error event to go on from; absent where events are not counted. */
  readonly place?: StreamPlace | undefined;
  /** What was counted so far. */
  readonly usage: Usage | undefined;
}

/** A lane and the request that starts it. */
export interface Prepared extends LaneRequest {
  readonly lane: Lane;
  /** Whether the answer is a stream. */
  readonly streams: boolean;
  readonly losses: readonly Loss[];
}
