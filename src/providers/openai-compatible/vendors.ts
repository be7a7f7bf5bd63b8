/** Vendors and servers that speak Chat Completions, a row each: where they are, what they serve, how they differ (dossier A.2.3, B.1). */
import type { ChatDialect } from "../../protocols/chat-dialect.ts";
import { DEFAULT_DIALECT } from "../../protocols/openai-chat/upstream/default-dialect.ts";

/** One row. */
export interface Vendor {
  /** The provider type's name, and the platform that mints its state. */
  readonly type: string;
  /** What people may take for its name. */
  readonly alsoCalled?: readonly string[];
  /** As the vendor's documentation writes it, mostly with the version; absent: the operator says it. */
  readonly baseUrl?: string;
  /** Absent: a server of one's own, which mostly asks for no key. */
  readonly environmentVariable?: string;
  /** Patterns of its own model names; empty where they are anyone's. */
  readonly models: readonly string[];
  readonly exampleModel: string;
  readonly dialect: ChatDialect;
}

/** In the order in which the environment is searched for their keys. */
export const vendors: readonly Vendor[] = [
  {
    type: "openrouter",
    baseUrl: "https://openrouter.ai/api/v1",
    environmentVariable: "OPENROUTER_API_KEY",
    models: [],
    exampleModel: "anthropic/claude-sonnet-5.5",
    dialect: {
      ...DEFAULT_DIALECT,
      textParts: true,
      effort: "reasoning.effort",
      replay: { field: "reasoning_details", turns: "all" },
      strictFunctions: true,
      topK: true,
      files: true,
      endUserField: "user",
    },
  },
  {
    type: "deepseek",
    baseUrl: "https://api.deepseek.com",
    environmentVariable: "DEEPSEEK_API_KEY",
    models: ["deepseek-*"],
    exampleModel: "deepseek-v4-pro",
    dialect: {
      ...DEFAULT_DIALECT,
      effort: "thinking.type+reasoning_effort",
      replay: { field: "reasoning_content", turns: "all" },
      parallelToolCalls: false,
      outputFormat: "json_object",
    },
  },
  {
    type: "groq",
    baseUrl: "https://api.groq.com/openai/v1",
    environmentVariable: "GROQ_API_KEY",
    models: [],
    exampleModel: "openai/gpt-oss-120b",
    dialect: { ...DEFAULT_DIALECT, maxTokensField: "max_completion_tokens", textParts: true, strictFunctions: true, endUserField: "user" },
  },
  {
    type: "mistral",
    baseUrl: "https://api.mistral.ai/v1",
    environmentVariable: "MISTRAL_API_KEY",
    models: ["mistral-*", "ministral-*", "magistral-*", "codestral-*", "devstral-*", "pixtral-*", "open-mistral-*"],
    exampleModel: "mistral-large-latest",
    // It refuses fields that it does not know, `stream_options` among them, and tells usage anyway.
    dialect: {
      ...DEFAULT_DIALECT,
      textParts: true,
      streamOptions: false,
      strictFunctions: true,
      callIds: "nine-alphanumerics",
      seedField: "random_seed",
      prefill: "prefix",
    },
  },
  {
    type: "xai",
    alsoCalled: ["grok"],
    baseUrl: "https://api.x.ai/v1",
    environmentVariable: "XAI_API_KEY",
    models: ["grok-*"],
    exampleModel: "grok-4",
    dialect: { ...DEFAULT_DIALECT, maxTokensField: "max_completion_tokens", textParts: true, endUserField: "user" },
  },
  {
    type: "moonshot",
    alsoCalled: ["kimi"],
    baseUrl: "https://api.moonshot.ai/v1",
    environmentVariable: "MOONSHOT_API_KEY",
    models: ["kimi-*", "moonshot-*"],
    exampleModel: "kimi-k3",
    dialect: {
      ...DEFAULT_DIALECT,
      effort: "thinking.type",
      replay: { field: "reasoning_content", turns: "all" },
      parallelToolCalls: false,
      promptCacheKey: true,
    },
  },
  {
    type: "zai",
    alsoCalled: ["glm", "zhipu", "zhipuai", "bigmodel"],
    baseUrl: "https://api.z.ai/api/paas/v4",
    environmentVariable: "ZAI_API_KEY",
    models: ["glm-*"],
    exampleModel: "glm-5.2",
    dialect: {
      ...DEFAULT_DIALECT,
      effort: "thinking.type",
      replay: { field: "reasoning_content", turns: "tool-loop" },
      parallelToolCalls: false,
      outputFormat: "json_object",
    },
  },
  {
    type: "qwen",
    alsoCalled: ["dashscope", "alibaba"],
    baseUrl: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    environmentVariable: "DASHSCOPE_API_KEY",
    models: ["qwen*", "qwq-*"],
    exampleModel: "qwen3-max",
    dialect: {
      ...DEFAULT_DIALECT,
      effort: "enable_thinking",
      replay: { field: "reasoning_content", turns: "tool-loop" },
      topK: true,
    },
  },
  {
    type: "together",
    baseUrl: "https://api.together.ai/v1",
    environmentVariable: "TOGETHER_API_KEY",
    models: [],
    exampleModel: "openai/gpt-oss-120b",
    dialect: { ...DEFAULT_DIALECT, textParts: true, topK: true },
  },
  {
    type: "fireworks",
    baseUrl: "https://api.fireworks.ai/inference/v1",
    environmentVariable: "FIREWORKS_API_KEY",
    models: ["accounts/*"],
    exampleModel: "accounts/fireworks/models/gpt-oss-120b",
    dialect: {
      ...DEFAULT_DIALECT,
      textParts: true,
      replay: { field: "reasoning_content", turns: "tool-loop" },
      topK: true,
      endUserField: "user",
    },
  },
  {
    type: "cerebras",
    baseUrl: "https://api.cerebras.ai/v1",
    environmentVariable: "CEREBRAS_API_KEY",
    models: [],
    exampleModel: "gpt-oss-120b",
    dialect: { ...DEFAULT_DIALECT, maxTokensField: "max_completion_tokens", textParts: true, strictFunctions: true, endUserField: "user" },
  },
  {
    type: "perplexity",
    baseUrl: "https://api.perplexity.ai",
    environmentVariable: "PERPLEXITY_API_KEY",
    models: ["sonar", "sonar-*"],
    exampleModel: "sonar",
    dialect: { ...DEFAULT_DIALECT, textParts: true, streamOptions: false, topK: true },
  },
  {
    type: "ollama",
    baseUrl: "http://127.0.0.1:11434/v1",
    models: [],
    exampleModel: "gpt-oss:20b",
    dialect: { ...DEFAULT_DIALECT, replay: { field: "reasoning", turns: "tool-loop" } },
  },
  {
    type: "vllm",
    baseUrl: "http://127.0.0.1:8000/v1",
    models: [],
    exampleModel: "openai/gpt-oss-120b",
    dialect: {
      ...DEFAULT_DIALECT,
      textParts: true,
      replay: { field: "reasoning_content", turns: "tool-loop" },
      strictFunctions: true,
      topK: true,
      prefill: "continue_final_message",
    },
  },
  {
    type: "llama.cpp",
    baseUrl: "http://127.0.0.1:8080/v1",
    models: [],
    exampleModel: "default",
    dialect: { ...DEFAULT_DIALECT, textParts: true, replay: { field: "reasoning_content", turns: "tool-loop" }, topK: true },
  },
  {
    type: "lm-studio",
    baseUrl: "http://127.0.0.1:1234/v1",
    models: [],
    exampleModel: "openai/gpt-oss-20b",
    dialect: { ...DEFAULT_DIALECT, topK: true },
  },
  // Any other server: what it does not take, it says.
  { type: "openai-compatible", alsoCalled: ["custom", "local"], models: [], exampleModel: "model", dialect: DEFAULT_DIALECT },
];
