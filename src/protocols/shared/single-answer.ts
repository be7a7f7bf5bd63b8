/** What a translated answer cannot be, whatever its target: encoders put it on the ledger (dossier rules 199, 200). */
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
