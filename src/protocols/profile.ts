/**
 * What a model can do, as facts that encoders read instead of names (dossier D.2 item 4). The facts themselves are data
 * in `catalog/profiles.ts`; the pipeline passes them in.
 */
import type { Effort } from "../chat/chat.ts";

/** Facts about one upstream model on one platform. */
export interface Profile {
  /** Tokens of output it can write; absent: unknown, nothing is clamped. */
  readonly maxOutputTokens?: number;
  /** How it takes instructions about reasoning. `none`: it has no reasoning to control. */
  readonly reasoning:
    | { readonly control: "none" }
    /** Token budgets; `max` and `min` bound them, `off` whether 0 is allowed. */
    | { readonly control: "budget"; readonly min: number; readonly max: number; readonly off: boolean }
    /** Named levels it accepts, lowest first. */
    | { readonly control: "level"; readonly levels: readonly Effort[] };
  /** Whether replayed tool calls must carry their state, with a sentinel for foreign ones (rule 137). */
  readonly callStateRequired: boolean;
  /** Whether tool results may hold media (rule 76). */
  readonly mediaInToolResults: boolean;
  /** Whether it fetches media from any public address by itself (rule 171). */
  readonly fetchesMedia: boolean;
  /** Whether other content may follow tool results in the same turn (dossier B.3). */
  readonly contentAfterToolResults: boolean;
  /** Whether hosted tools may stand beside functions (rules 229, 230). */
  readonly hostedToolsWithFunctions: boolean;
  /** Whether it can be asked to show the calls of its hosted tools (rules 230, 392). */
  readonly showsHostedCalls: boolean;
  /** Whether a JSON answer format may stand beside functions (rule 214). */
  readonly jsonOutputWithFunctions: boolean;
  /** Which dialect tool schemas are written in: JSON Schema, or the OpenAPI subset of older endpoints (rule 96). */
  readonly toolSchema: "json-schema" | "openapi";
  /** Whether temperature and its kin have any effect (rule 194). */
  readonly sampling: boolean;
  /** Most stop sequences it takes. */
  readonly maxStopSequences?: number;
}
