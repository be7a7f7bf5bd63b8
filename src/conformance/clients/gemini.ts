/** Google's official SDK: `models.generateContentStream`, its chunks joined, and `models.generateContent`. */
import type * as genai from "@google/genai";
import type {
  ApiError,
  Content,
  FunctionCallingConfig,
  GenerateContentConfig,
  GenerateContentResponse,
  GoogleGenAI,
  Part,
} from "@google/genai";
import type { Finish, Outcome, OutcomePiece, Piece, Says, SdkError, Settings, Tokens } from "../conversation.ts";
import { failedOutcome, loadSdk, type Client, type Conversation, type Endpoint, type Place } from "./client.ts";
import { geminiGrammar, geminiHeartbeats } from "./gemini-grammar.ts";
import { tapFetch, type TappedFetch } from "./tapped-fetch.ts";

const SDK = "@google/genai";
const FINISHES: Readonly<Record<string, Finish>> = {
  STOP: "stop",
  MAX_TOKENS: "length",
  SAFETY: "filter",
  PROHIBITED_CONTENT: "filter",
  BLOCKLIST: "filter",
  RECITATION: "filter",
  SPII: "filter",
};
const DEFAULT_MAX_TOKENS = 1024;
/** Room for the thinking that is asked for. */
const THINKING_TOKENS = 8192;

type Sdk = typeof genai;

export const gemini: Client = {
  protocol: "gemini",
  sdk: SDK,
  async converse(endpoint, streamed) {
    return new GeminiConversation(await load(), endpoint, streamed);
  },
  async countTokens(endpoint, text) {
    const count = await clientFor(await load(), endpoint).models.countTokens({ model: endpoint.model, contents: text });
    return count.totalTokens ?? 0;
  },
  async listModels(endpoint) {
    const names: string[] = [];
    const pager = await clientFor(await load(), endpoint).models.list({ config: { queryBase: true } });
    for await (const { name } of pager) names.push((name ?? "").replace(/^models\//, ""));
    return names;
  },
};

function load(): Promise<Sdk> {
  return loadSdk(SDK, () => import("@google/genai"));
}

function clientFor(sdk: Sdk, { baseUrl, apiKey, headers }: Endpoint, tap?: TappedFetch): GoogleGenAI {
  return new sdk.GoogleGenAI({
    apiKey,
    vertexai: false,
    httpOptions: { baseUrl, headers: { ...headers }, ...(tap && { fetch: tap.fetch }) },
  });
}

/** A call as this protocol's clients remember it: its results repeat name and id. */
interface OpenCall {
  readonly id: string | undefined;
  readonly name: string;
}

class GeminiConversation implements Conversation {
  readonly #client: GoogleGenAI;
  readonly #sdk: Sdk;
  readonly #tap = tapFetch();
  readonly #place: Place;
  readonly #streamed: boolean;
  readonly #contents: Content[] = [];
  #calls: readonly OpenCall[] = [];

  constructor(sdk: Sdk, endpoint: Endpoint, streamed: boolean) {
    this.#sdk = sdk;
    this.#client = clientFor(sdk, endpoint, this.#tap);
    this.#place = endpoint;
    this.#streamed = streamed;
  }

  async say(says: Says, settings: Settings, { model, headers } = this.#place): Promise<Outcome> {
    this.#contents.push({ role: "user", parts: partsOf(says, this.#calls) });
    const request = { model, contents: [...this.#contents], config: { ...configOf(settings), httpOptions: { headers: { ...headers } } } };
    let responses: readonly GenerateContentResponse[];
    try {
      responses = this.#streamed ? await this.#stream(request) : [await this.#client.models.generateContent(request)];
    } catch (error) {
      return failedOutcome(errorOf(error as Error, this.#sdk));
    }
    const parts = responses.flatMap((response) => response.candidates?.[0]?.content?.parts ?? []);
    if (parts.length > 0) this.#contents.push({ role: "model", parts });
    this.#calls = parts.flatMap(({ functionCall }) => (functionCall ? [{ id: functionCall.id, name: functionCall.name ?? "" }] : []));
    const outcome = outcomeOf(responses, parts);
    const received = this.#tap.received();
    return this.#streamed ? { ...outcome, grammar: geminiGrammar(received), heartbeats: geminiHeartbeats(received) } : outcome;
  }

  async #stream(request: { model: string; contents: Content[]; config: GenerateContentConfig }): Promise<GenerateContentResponse[]> {
    const responses: GenerateContentResponse[] = [];
    for await (const response of await this.#client.models.generateContentStream(request)) responses.push(response);
    return responses;
  }
}

function configOf(settings: Settings): GenerateContentConfig {
  const { system, tools = [], toolChoice, format, thinking, temperature, topP, stop, webSearch } = settings;
  const declarations = tools.map(({ name, description, schema }) => ({
    name,
    ...(description !== undefined && { description }),
    parametersJsonSchema: schema,
  }));
  const hosted = webSearch === true ? [{ googleSearch: {} }] : [];
  return {
    maxOutputTokens: (thinking === undefined ? 0 : THINKING_TOKENS) + (settings.maxTokens ?? DEFAULT_MAX_TOKENS),
    ...(system !== undefined && { systemInstruction: { parts: system.map((text) => ({ text })) } }),
    ...((declarations.length > 0 || hosted.length > 0) && {
      tools: [...(declarations.length > 0 ? [{ functionDeclarations: declarations }] : []), ...hosted],
    }),
    ...(toolChoice !== undefined && { toolConfig: { functionCallingConfig: choiceOf(toolChoice) } }),
    ...(format !== undefined && { responseMimeType: "application/json" }),
    ...(typeof format === "object" && { responseJsonSchema: format.schema }),
    ...(thinking !== undefined && {
      thinkingConfig: { includeThoughts: thinking.show, thinkingLevel: thinking.effort.toUpperCase() as never },
    }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(stop !== undefined && { stopSequences: [...stop] }),
  };
}

function choiceOf(choice: NonNullable<Settings["toolChoice"]>): FunctionCallingConfig {
  const modes = { auto: "AUTO", none: "NONE", required: "ANY" } as const;
  if (typeof choice === "string") return { mode: modes[choice] as never };
  return { mode: "ANY" as never, allowedFunctionNames: "tool" in choice ? [choice.tool] : [...choice.anyOf] };
}

function partsOf(says: Says, calls: readonly OpenCall[]): Part[] {
  if (typeof says === "string") return [{ text: says }];
  if ("length" in says) return says.map(partOf);
  const results = says.results.map(({ call, content, failed }): Part => {
    const { id, name } = calls[call] ?? { id: undefined, name: "" };
    const pieces: readonly Piece[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
    const text = pieces.flatMap((piece) => (piece.type === "text" ? [piece.text] : [])).join("\n");
    const media = pieces.filter((piece) => piece.type !== "text").map(partOf);
    return {
      functionResponse: {
        ...(id !== undefined && { id }),
        name,
        response: failed === true ? { error: text } : { output: text },
        ...(media.length > 0 && { parts: media }),
      },
    };
  });
  return says.words === undefined ? results : [...results, { text: says.words }];
}

function partOf(piece: Piece): Part {
  switch (piece.type) {
    case "text":
      return { text: piece.text };
    case "image":
      return { inlineData: { mimeType: piece.mediaType, data: piece.base64 } };
    case "image-url":
      return { fileData: { mimeType: piece.mediaType, fileUri: piece.url } };
    case "document":
      return { inlineData: { mimeType: piece.mediaType, data: piece.base64 } };
  }
}

function outcomeOf(responses: readonly GenerateContentResponse[], parts: readonly Part[]): Outcome {
  const last = responses.at(-1);
  const candidates = responses.flatMap(({ candidates }) => candidates ?? []);
  const content = joined(parts);
  const blocked = responses.find(({ promptFeedback }) => promptFeedback?.blockReason !== undefined);
  const ended = candidates.findLast(({ finishReason }) => finishReason !== undefined);
  const reason = ended?.finishReason ?? "none";
  const calls = content.some(({ type }) => type === "call");
  const finish = blocked === undefined ? (FINISHES[reason] ?? (`other: ${reason}` as const)) : "filter";
  const usage = last?.usageMetadata;
  return {
    content,
    // The protocol says STOP for calls too.
    finish: finish === "stop" && calls ? "calls" : finish,
    ...(usage && { tokens: tokensOf(usage) }),
    ...(last?.modelVersion !== undefined && { model: last.modelVersion }),
    sources: candidates.flatMap(({ groundingMetadata }) => (groundingMetadata?.groundingChunks ?? []).flatMap(({ web }) => web?.uri ?? [])),
    ...(ended?.finishMessage !== undefined && { refusal: ended.finishMessage }),
    grammar: [],
    heartbeats: 0,
  };
}

/** Neighbouring texts of one kind are one piece; an empty text only carries a signature. */
function joined(parts: readonly Part[]): OutcomePiece[] {
  const pieces: OutcomePiece[] = [];
  for (const { text, thought, functionCall } of parts) {
    const last = pieces.at(-1);
    const type = thought === true ? "thinking" : "text";
    if (functionCall)
      pieces.push({ type: "call", id: functionCall.id ?? "", name: functionCall.name ?? "", input: functionCall.args ?? {} });
    else if (text && last?.type === type) pieces[pieces.length - 1] = { type, text: last.text + text };
    else if (text) pieces.push({ type, text });
  }
  return pieces;
}

function tokensOf(usage: NonNullable<GenerateContentResponse["usageMetadata"]>): Tokens {
  const { promptTokenCount, cachedContentTokenCount, candidatesTokenCount, thoughtsTokenCount, toolUsePromptTokenCount = 0 } = usage;
  return {
    ...(promptTokenCount !== undefined && { input: promptTokenCount + toolUsePromptTokenCount }),
    ...(cachedContentTokenCount !== undefined && { cacheRead: cachedContentTokenCount }),
    ...(candidatesTokenCount !== undefined && { output: candidatesTokenCount + (thoughtsTokenCount ?? 0) }),
    ...(thoughtsTokenCount !== undefined && { thinking: thoughtsTokenCount }),
  };
}

/** The SDK keeps the error's body as the text of its message. */
function errorOf(error: Error, sdk: Sdk): SdkError {
  const { status } = error as Partial<ApiError>;
  const body = /\{[\s\S]*\}/.exec(error.message)?.[0];
  const told = body === undefined ? {} : errorBody(body);
  return {
    class: error instanceof sdk.ApiError ? "ApiError" : error.constructor.name,
    ...(status !== undefined && { status }),
    ...(told.status !== undefined && { type: told.status }),
    message: told.message ?? error.message,
    ...(told.retryAfter !== undefined && { retryAfter: told.retryAfter }),
  };
}

function errorBody(text: string): { status?: string; message?: string; retryAfter?: number } {
  try {
    const { error } = JSON.parse(text) as { error?: { status?: string; message?: string; details?: { retryDelay?: string }[] } };
    const delay = error?.details?.find(({ retryDelay }) => retryDelay !== undefined)?.retryDelay;
    return {
      ...(error?.status !== undefined && { status: error.status }),
      ...(error?.message !== undefined && { message: error.message }),
      ...(delay !== undefined && { retryAfter: Number.parseFloat(delay) }),
    };
  } catch {
    return {};
  }
}
