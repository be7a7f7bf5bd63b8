/** Why an answer ended (B.0.1, rules 245–247). What was said counts more than the word: servers use it loosely. */
import type { Finish } from "../../../chat/chat.ts";
import { FINISH_REASONS } from "../wire.ts";

/** What an answer held. */
export interface Said {
  readonly calls: boolean;
  readonly refusal: boolean;
}

/** @param word the last one told, if any; without one the content decides. */
export function decodeFinish(word: string | undefined, { calls, refusal }: Said): Finish {
  const told = FINISH_REASONS.get(word ?? "") ?? "stop";
  const raw = word === undefined ? {} : { raw: word };
  if (told !== "stop" && told !== "tool-calls") return { reason: told, ...raw };
  if (calls) return { reason: "tool-calls", ...raw };
  return { reason: refusal ? "refusal" : "stop", ...raw };
}

/** Words that mean the server failed, whatever it had said. */
const FAILURES: ReadonlySet<string> = new Set(["error", "network_error", "insufficient_system_resource"]);

/** Whether an answer that ends so has failed. */
export function isFailure(word: string): boolean {
  return FAILURES.has(word);
}
