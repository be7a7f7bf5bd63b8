/**
 * What a model can do, as facts that encoders read instead of names (dossier D.2 item 4). The facts themselves are data
 * in `catalog/profiles/`; what a 400 has taught (`catalog/lessons.ts`) is laid over them by the pipeline, which passes
 * them in: an encoder never looks one up.
 */
import type { Effort, HostedToolKind, MediaContent, ProtocolId } from "../chat/chat.ts";
import type { ChatDialect } from "./chat-dialect.ts";
import type { ResponsesDialect } from "./responses-dialect.ts";

/** The forms of Claude's `thinking` field (dossier A.1.5). */
export type ThinkingForm = "enabled" | "adaptive" | "disabled" | "between_tools";

/** Facts about one upstream model on one platform. */
export interface Profile {
  /** The one protocol that its vendor offers it in; absent: any that the provider speaks. */
  readonly onlyIn?: ProtocolId;
  /** Tokens of output it can write; absent: unknown, nothing is clamped. */
  readonly maxOutputTokens?: number;
  /** How it takes instructions about reasoning. `none`: it has no reasoning to control. */
  readonly reasoning:
    | { readonly control: "none" }
    /** Token budgets; `max` and `min` bound them, `off` whether 0 is allowed. */
    | { readonly control: "budget"; readonly min: number; readonly max: number; readonly off: boolean }
    /** Named levels it accepts, lowest first; `none` among them where it can be switched off so. */
    | { readonly control: "level"; readonly levels: readonly Effort[] };
  /** Whether it reasons when nothing is said about it; absent: nobody knows. */
  readonly reasonsByDefault?: boolean;
  /** Whether an effort may be told beside functions (rule 159); absent: it may. */
  readonly effortWithFunctions?: boolean;
  /** Which forms of `thinking` a Claude takes, where that is the protocol (dossier A.1.5). */
  readonly thinkingForms: readonly ThinkingForm[];
  /** The highest effort at which thinking may be disabled, or left to the time between tools (rules 151, 152); absent: any. */
  readonly maxEffortWithoutThinking?: Effort;
  /** Whether replayed tool calls must carry their state, with a sentinel for foreign ones (rule 137). */
  readonly callStateRequired: boolean;
  /** Whether thinking must stand before the calls of a turn when thinking is on (rule 147). */
  readonly thinkingBeforeCallsRequired: boolean;
  /** Whether thinking is bound to all that stands before it, and refused when that changed, unless asked to drop it (dossier A.1.5, rule 128). */
  readonly bindsThinking?: boolean;
  /** Whether what it says between calls comes as thinking, which it leaves out unless it is to be shown (rule 167). */
  readonly progressAsThinking?: boolean;
  /** Whether tool results may hold media (rule 76). */
  readonly mediaInToolResults: boolean;
  /** Kinds of media it takes at all; absent: nobody knows, so everything is tried. */
  readonly media?: readonly MediaContent["kind"][];
  /** Whether a single picture can be marked with how closely to look at it (rule 179). */
  readonly mediaDetail: boolean;
  /** Kinds of media it fetches from any public https address by itself (rules 170, 171). */
  readonly fetches: readonly MediaContent["kind"][];
  /** Whether other content may follow tool results in the same turn (dossier B.3). */
  readonly contentAfterToolResults: boolean;
  /** Whether a system turn may stand inside the conversation (rule 17). */
  readonly systemTurns: boolean;
  /** Whether it continues an answer that the caller began (rule 34). */
  readonly prefill: boolean;
  /** Whether a tool, or any tool, can be demanded (rules 86, 87). */
  readonly forcedToolChoice: "always" | "without-reasoning" | "never";
  /** Whether hosted tools may stand beside functions (rules 229, 230). */
  readonly hostedToolsWithFunctions: boolean;
  /** The dated types of the newest hosted tools it knows, where the protocol dates them (dossier A.1.3); absent: the oldest. */
  readonly hostedToolTypes?: Readonly<Partial<Record<HostedToolKind, string>>>;
  /** Whether it searches the web when asked, where that is a matter of the model (rule 223). */
  readonly webSearch?: boolean;
  /** Whether it can be asked to show the calls of its hosted tools (rules 230, 392). */
  readonly showsHostedCalls: boolean;
  /** Whether the answer's JSON Schema is enforced at all (rules 210, 211). */
  readonly jsonSchemaOutput: boolean;
  /** Whether a JSON answer format may stand beside functions (rule 214). */
  readonly jsonOutputWithFunctions: boolean;
  /** Which dialect tool schemas are written in: JSON Schema, or the OpenAPI subset of older endpoints (rule 96). */
  readonly toolSchema: "json-schema" | "openapi";
  /**
   * Which of temperature and its kin have an effect (rules 191–194): all of them, all but top_p beside temperature, all
   * while reasoning is off, or none.
   */
  readonly sampling: "all" | "one" | "without-reasoning" | "none";
  /** Most stop sequences it takes; 0: it has no such field (rules 196, 198). Absent: no limit is known. */
  readonly maxStopSequences?: number;
  /** Whether it can be told how long to answer, where the server has a field for that (rule 206); absent: it can. */
  readonly verbosity?: boolean;
  /** How its server speaks Chat Completions, where that is the protocol. */
  readonly chat?: ChatDialect;
  /** The same for Responses. */
  readonly responses?: ResponsesDialect;
}
