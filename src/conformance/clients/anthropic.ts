/** Anthropic's official SDK: `messages.stream` with its accumulator, and `messages.create`. */
import type Anthropic from "@anthropic-ai/sdk";
import type { Finish, Outcome, OutcomePiece, Piece, Says, SdkError, Settings, Tokens, Tool } from "../conversation.ts";
import { messagesGrammar, messagesHeartbeats } from "./anthropic-grammar.ts";
import { callIds, failedOutcome, loadSdk, type Client, type Conversation, type Endpoint, type Place } from "./client.ts";
import { tapFetch } from "./tapped-fetch.ts";

const SDK = "@anthropic-ai/sdk";
const FINISHES: Readonly<Record<string, Finish>> = {
  end_turn: "stop",
  stop_sequence: "stop-sequence",
  tool_use: "calls",
  max_tokens: "length",
  refusal: "refusal",
};
/** Thinking budgets by effort, for models that take budgets; the SDK refuses to wait for much more than these. */
const BUDGETS = { low: 1024, medium: 8192, high: 16_384 } as const;
const DEFAULT_MAX_TOKENS = 1024;

export const anthropic: Client = {
  protocol: "anthropic",
  sdk: SDK,
  async converse(endpoint, streamed) {
    const sdk = await loadSdk(SDK, () => import("@anthropic-ai/sdk"));
    return new AnthropicConversation(sdk.default, endpoint, streamed);
  },
  async countTokens(endpoint, text) {
    const client = await clientFor(endpoint);
    const count = await client.messages.countTokens({ model: endpoint.model, messages: [{ role: "user", content: text }] });
    return count.input_tokens;
  },
  async listModels(endpoint) {
    const client = await clientFor(endpoint);
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    return ids;
  },
};

async function clientFor({ baseUrl, apiKey, headers }: Endpoint): Promise<Anthropic> {
  const sdk = await loadSdk(SDK, () => import("@anthropic-ai/sdk"));
  return new sdk.default({ baseURL: baseUrl, apiKey, authToken: null, maxRetries: 0, defaultHeaders: headers });
}

class AnthropicConversation implements Conversation {
  readonly #client: Anthropic;
  readonly #tap = tapFetch();
  readonly #place: Place;
  readonly #streamed: boolean;
  readonly #messages: Anthropic.MessageParam[] = [];
  #calls: readonly string[] = [];

  constructor(sdk: typeof Anthropic, endpoint: Endpoint, streamed: boolean) {
    const { baseUrl: baseURL, apiKey } = endpoint;
    this.#client = new sdk({ baseURL, apiKey, authToken: null, maxRetries: 0, fetch: this.#tap.fetch });
    this.#place = endpoint;
    this.#streamed = streamed;
  }

  async say(says: Says, settings: Settings, { model, headers } = this.#place): Promise<Outcome> {
    this.#messages.push(userMessage(says, this.#calls));
    const params = { ...paramsOf(settings), model, messages: [...this.#messages] };
    let message: Anthropic.Message;
    try {
      message = await this.#ask(params, headers);
    } catch (error) {
      return failedOutcome(errorOf(error as Error));
    }
    // The vendor refuses messages without content.
    if (message.content?.length > 0) this.#messages.push({ role: "assistant", content: message.content });
    const outcome = outcomeOf(message);
    this.#calls = callIds(outcome);
    const received = this.#tap.received();
    return this.#streamed ? { ...outcome, grammar: messagesGrammar(received), heartbeats: messagesHeartbeats(received) } : outcome;
  }

  #ask(params: Anthropic.MessageCreateParamsNonStreaming, headers: Place["headers"]): Promise<Anthropic.Message> {
    if (this.#streamed) return this.#client.messages.stream(params, { headers }).finalMessage();
    return this.#client.messages.create({ ...params, stream: false }, { headers });
  }
}

function paramsOf(settings: Settings): Omit<Anthropic.MessageCreateParamsNonStreaming, "model" | "messages"> {
  const { system, thinking, format, toolChoice, parallelCalls, temperature, topP, stop } = settings;
  const tools = toolsOf(settings);
  const budget = thinking === undefined ? 0 : BUDGETS[thinking.effort];
  return {
    max_tokens: budget + (settings.maxTokens ?? DEFAULT_MAX_TOKENS),
    ...(system !== undefined && { system: system.length === 1 ? (system[0] as string) : system.map(textBlock) }),
    ...(tools.length > 0 && { tools }),
    ...((toolChoice !== undefined || parallelCalls === false) && { tool_choice: choiceOf(settings) }),
    ...(thinking !== undefined && {
      thinking: { type: "enabled", budget_tokens: budget, display: thinking.show ? "summarized" : "omitted" } as const,
    }),
    ...(typeof format === "object" && { output_config: { format: { type: "json_schema" as const, schema: format.schema } } }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(stop !== undefined && { stop_sequences: [...stop] }),
  };
}

function toolsOf({ tools = [], toolSearch, webSearch }: Settings): Anthropic.ToolUnion[] {
  const hidden = toolSearch?.hidden.map((tool): Anthropic.Tool => ({ ...toolOf(tool), defer_loading: true })) ?? [];
  return [
    ...tools.map(toolOf),
    ...(toolSearch === undefined ? [] : [toolOf({ name: "tool_search", ...toolSearch }), ...hidden]),
    ...(webSearch === true ? [{ type: "web_search_20250305" as const, name: "web_search" as const }] : []),
  ];
}

function toolOf({ name, description, schema }: Tool): Anthropic.Tool {
  return { name, ...(description !== undefined && { description }), input_schema: schema as Anthropic.Tool.InputSchema };
}

function choiceOf({ toolChoice = "auto", parallelCalls }: Settings): Anthropic.ToolChoice {
  const parallel = parallelCalls === false ? { disable_parallel_tool_use: true } : {};
  if (typeof toolChoice === "object") {
    if ("anyOf" in toolChoice) throw new Error("Messages has no choice among several tools");
    return { type: "tool", name: toolChoice.tool, ...parallel };
  }
  if (toolChoice === "none") return { type: "none" };
  return { type: toolChoice === "required" ? "any" : "auto", ...parallel };
}

function userMessage(says: Says, calls: readonly string[]): Anthropic.MessageParam {
  if (typeof says === "string") return { role: "user", content: says };
  if ("length" in says) return { role: "user", content: says.map(blockOf) };
  const results = says.results.map(({ call, content, found, failed }) => ({
    type: "tool_result" as const,
    tool_use_id: calls[call] ?? "",
    content: found?.map(referenceTo) ?? (typeof content === "string" ? content : content.map(blockOf)),
    ...(failed === true && { is_error: true }),
  }));
  return { role: "user", content: says.words === undefined ? results : [...results, textBlock(says.words)] };
}

function referenceTo(name: string): Anthropic.ToolReferenceBlockParam {
  return { type: "tool_reference", tool_name: name };
}

function textBlock(text: string): Anthropic.TextBlockParam {
  return { type: "text", text };
}

function blockOf(piece: Piece): Anthropic.TextBlockParam | Anthropic.ImageBlockParam | Anthropic.DocumentBlockParam {
  switch (piece.type) {
    case "text":
      return textBlock(piece.text);
    case "image":
      return { type: "image", source: { type: "base64", media_type: piece.mediaType as "image/png", data: piece.base64 } };
    case "image-url":
      return { type: "image", source: { type: "url", url: piece.url } };
    case "document":
      return { type: "document", title: piece.name, source: { type: "base64", media_type: "application/pdf", data: piece.base64 } };
  }
}

function outcomeOf(message: Anthropic.Message): Outcome {
  const reason = message.stop_reason ?? "none";
  // Not everything with status 200 is a message.
  const blocks = Array.isArray(message.content) ? message.content : [];
  return {
    content: blocks.flatMap(pieceOf),
    finish: FINISHES[reason] ?? `other: ${reason}`,
    ...(typeof message.stop_sequence === "string" && { stopSequence: message.stop_sequence }),
    ...(message.usage && { tokens: tokensOf(message.usage) }),
    model: message.model,
    sources: blocks.flatMap(sourcesOf),
    ...(typeof message.stop_details?.explanation === "string" && { refusal: message.stop_details.explanation }),
    grammar: [],
    heartbeats: 0,
  };
}

function pieceOf(block: Anthropic.ContentBlock): OutcomePiece[] {
  if (block.type === "text") return [{ type: "text", text: block.text }];
  // One without words only carries a signature.
  if (block.type === "thinking") return block.thinking === "" ? [] : [{ type: "thinking", text: block.thinking }];
  return block.type === "tool_use" ? [{ type: "call", id: block.id, name: block.name, input: block.input }] : [];
}

function sourcesOf(block: Anthropic.ContentBlock): string[] {
  if (block.type !== "text") return [];
  return (block.citations ?? []).flatMap((citation) => ("url" in citation ? [citation.url] : []));
}

function tokensOf(usage: Anthropic.Usage): Tokens {
  const cacheRead = usage.cache_read_input_tokens ?? 0;
  const cacheWrite = usage.cache_creation_input_tokens ?? 0;
  const thinking = usage.output_tokens_details?.thinking_tokens;
  return {
    input: usage.input_tokens + cacheRead + cacheWrite,
    cacheRead,
    cacheWrite,
    output: usage.output_tokens,
    ...(thinking !== undefined && { thinking }),
  };
}

function errorOf(error: Error): SdkError {
  const { status, type, headers } = error as Partial<InstanceType<typeof Anthropic.APIError>>;
  const retryAfter = headers?.get("retry-after");
  return {
    class: error.constructor.name,
    ...(status !== undefined && { status }),
    ...(typeof type === "string" && { type }),
    message: error.message,
    ...(typeof retryAfter === "string" && { retryAfter: Number(retryAfter) }),
  };
}
