/** What every protocol's checker has: it follows one stream and complains of what its protocol does not allow. */
import type { SentEvent } from "./event-stream.ts";

/** `failed`: it ended with the protocol's own error. */
export type StreamState = "running" | "complete" | "failed";

/** Follows one stream. */
export interface AnswerChecker {
  readonly state: StreamState;
  /** The text so far. */
  readonly text: string;
  /** The id under which the server keeps the answer, where it does. */
  readonly keptAs?: string | undefined;
  /** The stream's next event. @throws Error when the grammar does not allow it here. */
  push(event: SentEvent): void;
  /** The stream has ended. @throws Error when it may not end here. */
  end(): void;
}

/** Any JSON, looked into by keys and indices. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Record<string | number, unknown> | null | undefined)?.[step], value);
}

/** @throws Error with this complaint unless the condition holds. */
export function demand(condition: boolean, complaint: string): asserts condition {
  if (!condition) throw new Error(complaint);
}

/** The text at a place; empty where there is none. @throws Error where something else is. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path) ?? "";
  demand(typeof found === "string", `${path.join(".")} is no text`);
  return found;
}
