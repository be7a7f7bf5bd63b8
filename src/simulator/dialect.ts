/** What each simulated protocol gives: answers, and its own way to fail. */
import type { IncomingHttpHeaders } from "node:http";
import type { StateRecord, StateSettings } from "./binding-conversation.ts";
import type { Ask } from "./conversation.ts";
import type { VendorFault } from "./fault-names.ts";
import type { Frame, Reply } from "./reply.ts";
import type { ResponseStore } from "./responses-store.ts";
import type { Behaviour } from "./types.ts";
import type { VendorError } from "./vendor-error.ts";

/** What a request is for. */
export type Operation = "generate" | "count-tokens" | "list-models" | "get-model" | "get-response" | "delete-response" | "list-input-items";

/** A request that was routed to a protocol. */
export interface Call {
  readonly operation: Operation;
  /** The model, where the path has it. */
  readonly model: string;
  /** The kept answer that the path names; empty where it names none. */
  readonly responseId: string;
  /** How a stream is framed, where the path says that one is wanted. */
  readonly framing: "sse" | "array" | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly credential: string | undefined;
  /** Where to note what becomes of its reasoning state. */
  readonly state: StateRecord;
}

/** What a simulator was started with, as far as answers depend on it. */
export interface Settings {
  readonly state: StateSettings;
  /** Answers that are kept for their callers. */
  readonly responses: ResponseStore;
  readonly models: readonly string[] | undefined;
  readonly requireKey: boolean;
}

/** An answer in the forms it may be sent in. */
export interface Answer {
  whole(): Reply;
  /** Absent when the request did not ask for a stream. */
  readonly stream: (() => Reply) | undefined;
}

/** A simulated protocol. */
export interface Dialect {
  /** Bytes of request body it takes. */
  readonly bodyLimit: number;
  /** The answer; throws `VendorError` when the request is wrong. */
  answer(call: Call, settings: Settings, script: Behaviour): Answer;
  /**
   * What a request to generate asks for, be it right or wrong; throws `VendorError` when nothing can be read from it.
   * @param kept where what the request refers to is looked up.
   */
  ask(call: Pick<Call, "body" | "model" | "framing" | "credential">, kept: ResponseStore): Ask;
  /** The vendor's usual error of a status, or by name; `retryInfo` in seconds where its body carries a hint. */
  failure(of: number | VendorFault, retryInfo?: number): VendorError;
  /** The error for a body over the limit. */
  oversize(): VendorError;
  /** The error as a whole HTTP answer. */
  failureReply(error: VendorError, call: Call): Reply;
  /** The error as the event that ends a stream, after so many frames. */
  failureFrame(error: VendorError, call: Call, sent: number): Frame;
}
