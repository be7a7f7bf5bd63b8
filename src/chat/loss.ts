/**
 * The loss ledger: what a translation could not carry. Nothing is lost silently (dossier D.2 item 5);
 * nothing about a loss is ever written into a prompt (rule 7).
 */

import type { LossCode, SeverityOf } from "./loss-codes.ts";

/**
 * - `info` no meaning is lost: cache marks, client metadata, transport hints
 * - `semantic` the model gets or gives less than was said; strict mode refuses
 * - `contract` the answer could not be what the caller asked for; only lenient mode goes on
 */
export type LossSeverity = "info" | "semantic" | "contract";

/** One thing that was not carried. */
export interface Loss {
  /** A stable kebab-case code, listed in `docs/fidelity.md`. */
  readonly code: LossCode;
  /** Where it stood in the caller's request (`tools[3]`, `thinking.display`) or in the answer (`answer.citations`). */
  readonly path: string;
  readonly severity: LossSeverity;
}

/** How much may be lost before the request is refused. */
export type LossMode = "strict" | "default" | "lenient";

/** Collects losses of one request, each once. */
export class LossLedger {
  readonly #losses = new Map<string, Loss>();

  add<Code extends LossCode>(code: Code, path: string, severity: SeverityOf<Code>): void {
    const key = `${code} ${path}`;
    if (!this.#losses.has(key)) this.#losses.set(key, { code, path, severity });
  }

  /** In the order they were found. */
  get losses(): readonly Loss[] {
    return [...this.#losses.values()];
  }

  /** The first loss that the mode does not accept. */
  refusedBy(mode: LossMode): Loss | undefined {
    if (mode === "lenient") return undefined;
    return this.losses.find((loss) => loss.severity === "contract" || (mode === "strict" && loss.severity === "semantic"));
  }
}
