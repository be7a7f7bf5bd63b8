/**
 * How one server speaks OpenAI Chat Completions: the ways in which OpenAI-compatible vendors differ, as facts (dossier
 * A.2.3, B.1). A vendor is a row of these in `providers/openai-compatible/vendors.ts`.
 */

/** What the encoder and decoder of Chat Completions must know of a server. */
export interface ChatDialect {
  /** The field that limits the answer. */
  readonly maxTokensField: "max_tokens" | "max_completion_tokens";
  /** The role of instructions. */
  readonly systemRole: "system" | "developer";
  /** Whether a content of nothing but text may be a list of parts; else it is one string. */
  readonly textParts: boolean;
  /** How the effort of reasoning is said; `none`: it cannot be. */
  readonly effort:
    | "reasoning_effort"
    | "reasoning.effort"
    | "thinking.type"
    | "thinking.type+reasoning_effort"
    | "enable_thinking"
    | "none";
  /** Where the server's own reasoning goes back when the conversation goes on (rules 145, 436); absent: it is not wanted. */
  readonly replay?: {
    readonly field: "reasoning_content" | "reasoning" | "reasoning_details";
    /** `tool-loop`: only that of the step whose tools are running. */
    readonly turns: "tool-loop" | "all";
  };
  /** Whether `stream_options` is understood. */
  readonly streamOptions: boolean;
  /** Whether tools of type `custom` are. */
  readonly customTools: boolean;
  /** Whether `strict` on functions is. */
  readonly strictFunctions: boolean;
  /** Whether `tool_choice` can name several tools. */
  readonly allowedTools: boolean;
  /** How many tools the vendor says it takes (rule 123); absent: nobody says. */
  readonly mostTools?: number;
  /** Which ids of calls it takes; absent: any of a reasonable length (rule 50). */
  readonly callIds?: "nine-alphanumerics";
  /** Whether `parallel_tool_calls` is. */
  readonly parallelToolCalls: boolean;
  /** The most that `response_format` can say. */
  readonly outputFormat: "json_schema" | "json_object" | "none";
  /** The field for the seed, where it is not `seed`. */
  readonly seedField?: "random_seed";
  /** Whether `top_k` is a field (rule 201). */
  readonly topK: boolean;
  /** Whether `file` parts are understood (rule 173). */
  readonly files: boolean;
  /** The field for who the end user is. */
  readonly endUserField?: "safety_identifier" | "user";
  /** Whether `prompt_cache_key` is understood. */
  readonly promptCacheKey: boolean;
  /** Whether `verbosity` is. */
  readonly verbosity: boolean;
  /** Whether the fields are that OpenAI has in Responses too: the service tier, and how long the prompt cache keeps. */
  readonly sharedFields: boolean;
  /** How an answer that the caller began is marked. */
  readonly prefill: "none" | "prefix" | "continue_final_message";
}
