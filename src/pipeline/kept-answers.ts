/** The store of what clients leave with the gateway, as requests meet it: opened when it is first needed, or not there at all. */
import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { GatewayError } from "../chat/error.ts";
import { StorageError } from "../storage/home.ts";
import type { RecordStore } from "../storage/records.ts";
import { KeptRecords } from "./kept-records.ts";

/** Says why nothing can be found when nothing is kept. */
const OFF = "This gateway keeps no responses (`responses.store` is off in its configuration): send all of the conversation in `input`.";
const BROKEN = "The gateway cannot open its store of responses at the moment; its log has the details.";

/** How soon it is tried again to open what could not be opened, in ms: everything waits meanwhile. */
const OPENED_AGAIN_MS = 5_000;

export interface KeptAnswersOptions {
  /** Opens the store; called when it is first needed. Absent: nothing is kept. */
  readonly open?: (() => RecordStore) | undefined;
  readonly log: Logger;
  /** Tells the time in ms, and never goes back. */
  readonly now?: () => number;
}

export class KeptAnswers {
  readonly #options: KeptAnswersOptions;
  #store: RecordStore | undefined;
  /** What was logged last, so that it is not each time. */
  #failure = "";
  #failedAt = -Infinity;

  constructor(options: KeptAnswersOptions) {
    this.#options = options;
  }

  /** The store; absent when nothing is kept, or it cannot be opened now. */
  store(): RecordStore | undefined {
    const { open, log, now = () => performance.now() } = this.#options;
    if (this.#store || !open || now() < this.#failedAt + OPENED_AGAIN_MS) return this.#store;
    try {
      this.#store = open();
      this.#failure = "";
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (error.message !== this.#failure) log.error({ err: error }, "responses cannot be kept");
      this.#failure = error.message;
      this.#failedAt = now();
    }
    return this.#store;
  }

  /** Why nothing can be found; `undefined` when the store is there. */
  get because(): string | undefined {
    if (!this.#options.open) return OFF;
    return this.#store ? undefined : BROKEN;
  }

  /** What this caller has left here. @param memory what its connection remembers. */
  recordsOf(caller: string, memory?: RecordStore): KeptRecords {
    return new KeptRecords(caller, memory, () => this.store());
  }

  /** Notes that an answer was not kept although its client may look for it. */
  missed(requestId: string, error: unknown): void {
    this.#options.log.error({ requestId, err: error }, "a response cannot be kept");
  }

  /** Writes what is not yet written. */
  close(): void {
    this.#store?.close();
    this.#store = undefined;
  }
}

/** Text that no id had before and nobody guesses. */
export function newId(): string {
  return randomBytes(24).toString("hex");
}

/** What looking into the store comes to. @throws GatewayError `unavailable` when it cannot be read now. */
export function looked<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    throw new GatewayError("unavailable", "What is kept here cannot be read at the moment; send the request again.", { cause: error });
  }
}
