/** How much of a limit is left, as an upstream's answers tell before it refuses (resilience §3). */

/** One limit as it stood when the head of an answer was written. */
export interface Rate {
  /** What it counts. */
  readonly unit: "requests" | "tokens" | "input-tokens" | "output-tokens";
  /** `account`: it holds for the whole account, as a subscription's windows do; absent: for the model that was asked. */
  readonly scope?: "account";
  /** The vendor's own name of the span that it counts over (`minute`, `day`, `5h`, `7d`), where it has one. */
  readonly window?: string;
  /** How many are left. Windows that tell only which share of them is used are here when nothing is left, as 0. */
  readonly remaining: number;
  /** How many there are in all; absent: not told. */
  readonly limit?: number;
  /** When there are all of them again, in ms from now; absent: not told. */
  readonly resetMs?: number;
}
