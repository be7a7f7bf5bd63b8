/** An answer that broke off after its client had begun to read it, and what becomes of it. */
import type { Usage } from "../chat/chat.ts";
import { GatewayError, type ErrorKind } from "../chat/error.ts";
import { addUsage } from "../chat/events.ts";
import type { ClientStream } from "./client-stream.ts";
import type { SaidItem } from "./said.ts";

/** How another attempt goes on: from the text that the client has, or all over again. */
export type RecoveryMode = "prefill" | "regenerated";

/** For the record: how an answer went on that broke off in the middle, or why it could not. */
export type RecoveryOutcome = RecoveryMode | `failed:${string}`;

/** Failures of whoever answered. What lies with the request, or with what was said, would only happen again. */
const RECOVERABLE: ReadonlySet<ErrorKind> = new Set<ErrorKind>(["transport", "timeout", "upstream", "overloaded", "rate-limited"]);

/** Whether an answer that ended so in the middle may be gone on with elsewhere. */
export function isRecoverable({ kind }: GatewayError): boolean {
  return RECOVERABLE.has(kind);
}

/** What the next attempt goes on with. */
export interface BrokenAnswer {
  readonly stream: ClientStream;
  readonly said: readonly SaidItem[];
  readonly recovery: Recovery;
}

/** One request's way out of an answer that broke off. */
export class Recovery {
  /** What its client is told if nothing comes of it: why the answer broke off. */
  readonly cause: GatewayError;
  readonly #stream: ClientStream | undefined;
  #spent: Usage | undefined;
  /** What was last tried. */
  #mode: RecoveryMode | undefined;
  #failure: string;
  #done = false;
  #over = false;

  /** @param stream the client's, caught up with what it has; `undefined`: nobody can go on with it. */
  constructor(cause: GatewayError, stream: ClientStream | undefined) {
    this.cause = cause;
    this.#stream = stream;
    this.#failure = stream?.said() ? "exhausted" : "unfit";
    this.#over = this.#failure === "unfit";
  }

  get outcome(): RecoveryOutcome {
    return this.#done && this.#mode ? this.#mode : `failed:${this.#failure}`;
  }

  /** What there is to go on with; `undefined`: nothing more is to be tried. */
  get broken(): BrokenAnswer | undefined {
    const stream = this.#over ? undefined : this.#stream;
    const said = stream?.said();
    return stream && said && { stream, said, recovery: this };
  }

  /** What earlier attempts cost. */
  get spent(): Usage | undefined {
    return this.#spent;
  }

  /** An attempt is about to be made. */
  trying(mode: RecoveryMode): void {
    this.#mode = mode;
    this.#failure = "unfinished";
  }

  /** An attempt that its client has seen something of, or was to, has failed. */
  failed({ kind }: GatewayError, usage: Usage | undefined): void {
    if (usage) this.#spent = addUsage(this.#spent, usage);
    if (this.#mode && !this.#over) this.#failure = kind;
    // It broke off again, where nothing is to be gone on with.
    if (!this.#stream?.said()) this.#over = true;
  }

  /** The client has all of it. */
  succeeded(): void {
    this.#done = true;
  }

  /** The new answer is another one. @returns what ends the attempt: nobody is at fault. */
  diverged(): GatewayError {
    this.#over = true;
    this.#failure = "diverged";
    return new GatewayError("conflict", "Asked again, the model answered otherwise than what had been sent.");
  }
}
