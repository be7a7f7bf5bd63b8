/** OpenAI's official SDK: `chat.completions.stream` with its accumulator, and `chat.completions.create`. */
import type OpenAI from "openai";
import type { Finish, FreeTextTool, Outcome, OutcomePiece, Piece, Says, Settings, Tokens } from "../conversation.ts";
import { chatGrammar, chatHeartbeats } from "./chat-grammar.ts";
import { ReasoningDeltas, reasoningText, type Reasoning } from "./chat-reasoning.ts";
import { callIds, failedOutcome, type Client, type Conversation, type Place } from "./client.ts";
import { argumentsOf, listModels, openAi, openAiError, SDK } from "./openai.ts";
import { tapFetch, type TappedFetch } from "./tapped-fetch.ts";

const FINISHES: Readonly<Record<string, Finish>> = { stop: "stop", tool_calls: "calls", length: "length", content_filter: "filter" };
const DEFAULT_MAX_TOKENS = 1024;
/** Room for the thinking that is asked for. */
const THINKING_TOKENS = 8192;

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;
type Message = OpenAI.ChatCompletionMessageParam;

export const chat: Client = {
  protocol: "chat",
  sdk: SDK,
  async converse(endpoint, streamed) {
    const tap = tapFetch();
    return new ChatConversation(await openAi(endpoint, tap.fetch), tap, endpoint, streamed);
  },
  countTokens: () => Promise.reject(new Error("Chat Completions does not count tokens")),
  listModels,
};

class ChatConversation implements Conversation {
  readonly #client: OpenAI;
  readonly #tap: TappedFetch;
  readonly #place: Place;
  readonly #streamed: boolean;
  readonly #messages: Message[] = [];
  #calls: readonly string[] = [];

  constructor(client: OpenAI, tap: TappedFetch, place: Place, streamed: boolean) {
    this.#client = client;
    this.#tap = tap;
    this.#place = place;
    this.#streamed = streamed;
  }

  async say(says: Says, settings: Settings, { model, headers } = this.#place): Promise<Outcome> {
    this.#messages.push(...messagesOf(says, this.#calls));
    const system = (settings.system ?? []).map((content): Message => ({ role: "system", content }));
    const params: Params = { ...paramsOf(settings), model, messages: [...system, ...this.#messages] };
    let completion: OpenAI.ChatCompletion;
    try {
      completion = this.#streamed ? await this.#stream(params, headers) : await this.#client.chat.completions.create(params, { headers });
    } catch (error) {
      return failedOutcome(openAiError(error as Error));
    }
    const message = completion.choices?.[0]?.message;
    // The vendor refuses messages that say nothing.
    if (message?.content || message?.refusal || message?.tool_calls?.length) this.#messages.push(withoutParsed(message));
    const outcome = outcomeOf(completion);
    this.#calls = callIds(outcome);
    const received = this.#tap.received();
    return this.#streamed ? { ...outcome, grammar: chatGrammar(received), heartbeats: chatHeartbeats(received) } : outcome;
  }

  /** The accumulator keeps only the last delta of fields it does not know, so reasoning is joined as its users join it: by hand. */
  async #stream(params: Params, headers: Place["headers"]): Promise<OpenAI.ChatCompletion> {
    const streamed = { ...params, stream: true as const, stream_options: { include_usage: true } };
    const stream = this.#client.chat.completions.stream(streamed, { headers });
    const reasoning = new ReasoningDeltas();
    stream.on("chunk", (chunk) => reasoning.push(chunk.choices[0]?.delta ?? {}));
    const completion = await stream.finalChatCompletion();
    Object.assign(completion.choices[0]?.message ?? {}, reasoning.joined());
    return completion;
  }
}

/** The message as it goes back; what the SDK's own parser put there is no field of a request. */
function withoutParsed(message: OpenAI.ChatCompletionMessage): Message {
  const { parsed: _, ...rest } = message as OpenAI.ChatCompletionMessage & { parsed?: unknown };
  if (rest.tool_calls === undefined) return rest;
  const calls = rest.tool_calls.map((call) => {
    if (call.type !== "function") return call;
    const { parsed_arguments: _parsed, ...called } = call.function as typeof call.function & { parsed_arguments?: unknown };
    return { ...call, function: called };
  });
  return { ...rest, tool_calls: calls };
}

function paramsOf(settings: Settings): Omit<Params, "model" | "messages"> {
  const { toolChoice, parallelCalls, format, thinking, temperature, topP, stop, webSearch } = settings;
  const tools = [...(settings.tools ?? []).map(toolOf), ...(settings.freeTextTools ?? []).map(freeTextToolOf)];
  return {
    max_completion_tokens: (thinking === undefined ? 0 : THINKING_TOKENS) + (settings.maxTokens ?? DEFAULT_MAX_TOKENS),
    ...(tools.length > 0 && { tools }),
    ...(toolChoice !== undefined && { tool_choice: choiceOf(toolChoice) }),
    ...(parallelCalls === false && { parallel_tool_calls: false }),
    ...(format === "json" && { response_format: { type: "json_object" as const } }),
    ...(typeof format === "object" && {
      response_format: { type: "json_schema" as const, json_schema: { name: format.name, schema: format.schema, strict: true } },
    }),
    ...(thinking !== undefined && { reasoning_effort: thinking.effort }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(stop !== undefined && { stop: [...stop] }),
    ...(webSearch === true && { web_search_options: {} }),
  };
}

function toolOf({ name, description, schema }: NonNullable<Settings["tools"]>[number]): OpenAI.ChatCompletionTool {
  return { type: "function", function: { name, ...(description !== undefined && { description }), parameters: schema } };
}

function freeTextToolOf({ name, description }: FreeTextTool): OpenAI.ChatCompletionTool {
  return { type: "custom", custom: { name, description, format: { type: "text" } } };
}

function choiceOf(choice: NonNullable<Settings["toolChoice"]>): OpenAI.ChatCompletionToolChoiceOption {
  if (typeof choice === "string") return choice;
  if ("tool" in choice) return { type: "function", function: { name: choice.tool } };
  const tools = choice.anyOf.map((name) => ({ type: "function", function: { name } }));
  return { type: "allowed_tools", allowed_tools: { mode: "required", tools } };
}

function messagesOf(says: Says, calls: readonly string[]): Message[] {
  if (typeof says === "string") return [{ role: "user", content: says }];
  if ("length" in says) return [{ role: "user", content: says.map(partOf) }];
  const results = says.results.map(({ call, content }): Message => {
    const parts = typeof content === "string" ? content : content.map(textPartOf);
    return { role: "tool", tool_call_id: calls[call] ?? "", content: parts };
  });
  return says.words === undefined ? results : [...results, { role: "user", content: says.words }];
}

function textPartOf(piece: Piece): OpenAI.ChatCompletionContentPartText {
  if (piece.type !== "text") throw new Error("results of Chat Completions hold text only");
  return { type: "text", text: piece.text };
}

function partOf(piece: Piece): OpenAI.ChatCompletionContentPart {
  switch (piece.type) {
    case "text":
      return { type: "text", text: piece.text };
    case "image":
      return { type: "image_url", image_url: { url: `data:${piece.mediaType};base64,${piece.base64}` } };
    case "image-url":
      return { type: "image_url", image_url: { url: piece.url } };
    case "document":
      return { type: "file", file: { filename: piece.name, file_data: `data:${piece.mediaType};base64,${piece.base64}` } };
  }
}

function outcomeOf({ choices, model, usage }: OpenAI.ChatCompletion): Outcome {
  // Not everything with status 200 is a completion.
  const choice = choices?.[0];
  const message = choice?.message;
  const reason = choice?.finish_reason ?? "none";
  const thinking = message === undefined ? "" : reasoningText(message as Reasoning);
  const content: OutcomePiece[] = [
    ...(thinking === "" ? [] : [{ type: "thinking" as const, text: thinking }]),
    ...(message?.content ? [{ type: "text" as const, text: message.content }] : []),
    ...(message?.tool_calls ?? []).map(pieceOf),
  ];
  return {
    content,
    finish: FINISHES[reason] ?? `other: ${reason}`,
    ...(usage && { tokens: tokensOf(usage) }),
    model,
    sources: (message?.annotations ?? []).map(({ url_citation }) => url_citation.url),
    ...(message?.refusal && { refusal: message.refusal }),
    grammar: [],
    heartbeats: 0,
  };
}

function pieceOf(call: OpenAI.ChatCompletionMessageToolCall): OutcomePiece {
  if (call.type === "custom") return { type: "call", id: call.id, name: call.custom.name, input: call.custom.input };
  const { name, arguments: inputText } = call.function;
  return { type: "call", id: call.id, name, input: argumentsOf(inputText), inputText };
}

function tokensOf(usage: OpenAI.CompletionUsage): Tokens {
  const details = (usage.prompt_tokens_details ?? {}) as { cached_tokens?: number; cache_write_tokens?: number };
  const thinking = usage.completion_tokens_details?.reasoning_tokens;
  return {
    input: usage.prompt_tokens,
    ...(details.cached_tokens !== undefined && { cacheRead: details.cached_tokens }),
    ...(details.cache_write_tokens !== undefined && { cacheWrite: details.cache_write_tokens }),
    output: usage.completion_tokens,
    ...(thinking !== undefined && { thinking }),
  };
}
