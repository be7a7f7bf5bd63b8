/** What a translated answer cannot be, whatever its target: encoders put it on the ledger (dossier rules 199, 200, 206). */
import type { ChatRequest } from "../../chat/chat.ts";
import type { LossLedger } from "../../chat/loss.ts";

/** Several answers were asked for and one will come. */
export function recordChoices({ choices }: ChatRequest, losses: LossLedger): void {
  if (choices !== undefined && choices > 1) losses.add("multiple-choices", "n", "contract");
}

/** The probabilities of tokens were asked for, and the target's protocol does not tell them. */
export function recordLogprobs({ logprobs }: ChatRequest, losses: LossLedger): void {
  if (logprobs) losses.add("logprobs", "logprobs", "semantic");
}

/** How long to answer was said, and the target's protocol has no such setting (rule 206). */
export function recordVerbosity({ verbosity }: ChatRequest, losses: LossLedger): void {
  if (verbosity !== undefined) losses.add("verbosity", "verbosity", "info");
}
