/**
 * How one server speaks OpenAI Responses: the ways in which servers differ, as facts (dossier A.3; recordings, oddities
 * 28–36). OpenAI's are in `providers/openai/`.
 */
import type { HostedToolKind } from "../chat/chat.ts";

/** What the encoder of Responses must know of a server. */
export interface ResponsesDialect {
  /** The role of instructions. */
  readonly systemRole: "system" | "developer";
  /** Whether reasoning can be asked for encrypted, and goes back so; else nothing of it does. */
  readonly encryptedReasoning: boolean;
  /** Whether what it thought word for word goes back as such. */
  readonly reasoningText: boolean;
  /** Whether reasoning that goes back must have the id that it came with. */
  readonly reasoningIds: boolean;
  /** Whether a summary of its reasoning can be asked for. */
  readonly reasoningSummaries: boolean;
  /** Whether tools of type `custom` are understood. */
  readonly customTools: boolean;
  /** Whether tools can stand in groups (rule 68). */
  readonly namespaces: boolean;
  /** Whether an item can bring tools in the middle of a conversation (rule 408). */
  readonly additionalTools: boolean;
  /** Whether it searches by itself among tools that are not loaded yet (dossier B.2). */
  readonly toolSearch: boolean;
  /** Kinds of tools that it runs itself. */
  readonly hostedTools: readonly HostedToolKind[];
  /** Whether `tool_choice` can name several tools. */
  readonly allowedTools: boolean;
  /** Whether `parallel_tool_calls` is understood. */
  readonly parallelToolCalls: boolean;
  /** Whether `input_file` parts are (rule 173). */
  readonly files: boolean;
  /** The field for who the end user is. */
  readonly endUserField?: "safety_identifier" | "user";
  /** Whether `prompt_cache_key` is understood. */
  readonly promptCacheKey: boolean;
  /** Whether `text.verbosity` is. */
  readonly verbosity: boolean;
  /** Whether `compaction_trigger` asks it for a summary in place of the conversation (rule 399). */
  readonly compactions: boolean;
}
