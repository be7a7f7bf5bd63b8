/** OpenAI's official SDK: `responses.stream` with its accumulator, and `responses.create`. */
import type OpenAI from "openai";
import type { Finish, Outcome, OutcomePiece, Says, SdkError, Settings, Tokens } from "../conversation.ts";
import { failedOutcome, type Client, type Conversation, type Place } from "./client.ts";
import { argumentsOf, listModels, openAi, openAiError, SDK } from "./openai.ts";
import { responsesGrammar, responsesHeartbeats } from "./responses-grammar.ts";
import { responseFaults } from "./responses-object.ts";
import { CALL_TYPES, itemsOf, openingItems, paramsOf, type InputItem, type OpenCall, type Params } from "./responses-request.ts";
import { tapFetch, type TappedFetch } from "./tapped-fetch.ts";

/** Why an answer is incomplete. */
const REASONS: Readonly<Record<string, Finish>> = { max_output_tokens: "length", content_filter: "filter" };
const NO_ANSWER = "the response was never finished";

type Response = OpenAI.Responses.Response;
type OutputItem = OpenAI.Responses.ResponseOutputItem;
type Message = OpenAI.Responses.ResponseOutputMessage;

export const responses: Client = {
  protocol: "responses",
  sdk: SDK,
  async converse(endpoint, streamed) {
    const tap = tapFetch();
    return new ResponsesConversation(await openAi(endpoint, tap.fetch), tap, endpoint, streamed);
  },
  async countTokens(endpoint, text) {
    const client = await openAi(endpoint);
    const { model, headers } = endpoint;
    return (await client.responses.inputTokens.count({ model, input: text }, { headers })).input_tokens;
  },
  listModels,
};

class ResponsesConversation implements Conversation {
  readonly #client: OpenAI;
  readonly #tap: TappedFetch;
  readonly #place: Place;
  readonly #streamed: boolean;
  readonly #items: InputItem[] = [];
  #previous: string | undefined;
  #calls: readonly OpenCall[] = [];

  constructor(client: OpenAI, tap: TappedFetch, place: Place, streamed: boolean) {
    this.#client = client;
    this.#tap = tap;
    this.#place = place;
    this.#streamed = streamed;
  }

  async say(says: Says, settings: Settings, { model, headers } = this.#place): Promise<Outcome> {
    const own = itemsOf(says, this.#calls, settings);
    const params: Params = { ...paramsOf(settings), model, ...this.#history(own, settings) };
    let response: Response;
    try {
      response = await this.#ask(params, headers);
    } catch (error) {
      return failedOutcome(openAiError(error as Error));
    }
    if (response.status === "failed" || response.status === "in_progress") return failedOutcome(failureOf(response));
    // Not everything with status 200 is a response.
    const output = response.output ?? [];
    this.#items.push(...own, ...output.map((item) => (settings.kept === "items" ? referenceTo(item) : withoutParsed(item))));
    this.#previous = response.id;
    this.#calls = output.flatMap(openCallOf);
    const outcome = { ...outcomeOf(response, output), grammar: responseFaults({ ...response }, { ...params }) };
    const received = this.#tap.received();
    if (!this.#streamed) return outcome;
    return { ...outcome, grammar: [...responsesGrammar(received), ...outcome.grammar], heartbeats: responsesHeartbeats(received) };
  }

  /** The whole conversation, or what is new to the one who keeps the rest. */
  #history(own: readonly InputItem[], settings: Settings): Pick<Params, "input" | "previous_response_id"> {
    const previous = this.#previous ?? settings.previous;
    if (settings.kept !== "answers" || previous === undefined) return { input: [...openingItems(settings), ...this.#items, ...own] };
    return { input: [...own], previous_response_id: previous };
  }

  #ask(params: Params, headers: Place["headers"]): Promise<Response> {
    if (!this.#streamed) return this.#client.responses.create(params, { headers });
    return this.#client.responses.stream({ ...params, stream: true }, { headers }).finalResponse();
  }
}

/** The SDK hands over a response that failed, and one that was never finished, as if they were answers. */
function failureOf({ status, error }: Response): SdkError {
  const { code, message = NO_ANSWER } = error ?? {};
  return { class: `Response ${status}`, ...(code !== undefined && { code }), message };
}

function referenceTo({ id }: OutputItem): InputItem {
  return { type: "item_reference", id: id ?? "" };
}

/** The item as it goes back; what the SDK's own parser put there is no field of a request. */
function withoutParsed(item: OutputItem): InputItem {
  const { parsed_arguments: _, ...rest } = item as OutputItem & { parsed_arguments?: unknown };
  if (rest.type !== "message") return rest as InputItem;
  const content = rest.content.map((part) => {
    const { parsed: _parsed, ...own } = part as typeof part & { parsed?: unknown };
    return own;
  });
  return { ...rest, content };
}

function openCallOf(item: OutputItem): OpenCall[] {
  const type = CALL_TYPES.find((known) => known === item.type);
  const { call_id: id } = item as { call_id?: string | null };
  return type === undefined || typeof id !== "string" ? [] : [{ id, type }];
}

function outcomeOf(response: Response, output: readonly OutputItem[]): Outcome {
  const said = output.flatMap((item) => (item.type === "message" ? item.content : []));
  const refusal = said.flatMap((part) => (part.type === "refusal" ? [part.refusal] : [])).join("");
  const { usage } = response;
  return {
    content: output.flatMap(piecesOf),
    finish: finishOf(response, output),
    ...(usage && { tokens: tokensOf(usage) }),
    model: response.model,
    sources: said.flatMap(sourcesOf),
    ...(refusal !== "" && { refusal }),
    grammar: [],
    heartbeats: 0,
  };
}

function finishOf({ status, incomplete_details }: Response, output: readonly OutputItem[]): Finish {
  const reason = status === "completed" ? "" : (incomplete_details?.reason ?? status ?? "none");
  if (reason !== "") return REASONS[reason] ?? `other: ${reason}`;
  return output.some((item) => openCallOf(item).length > 0) ? "calls" : "stop";
}

function piecesOf(item: OutputItem): OutcomePiece[] {
  switch (item.type) {
    case "reasoning": {
      const texts = item.summary.length > 0 ? item.summary : (item.content ?? []);
      const text = texts.map((part) => part.text).join("\n\n");
      return text === "" ? [] : [{ type: "thinking", text }];
    }
    case "message":
      return item.content.flatMap((part) => (part.type === "output_text" && part.text !== "" ? [{ type: "text", text: part.text }] : []));
    case "function_call": {
      const { call_id: id, name, namespace, arguments: inputText } = item;
      return [{ type: "call", id, name, ...(namespace && { namespace }), input: argumentsOf(inputText), inputText }];
    }
    case "custom_tool_call": {
      const { call_id: id, name, namespace, input } = item;
      return [{ type: "call", id, name, ...(namespace && { namespace }), input }];
    }
    case "apply_patch_call":
      return [{ type: "call", id: item.call_id, name: "apply_patch", input: item.operation }];
    case "shell_call":
      return [{ type: "call", id: item.call_id, name: "shell", input: item.action }];
    case "tool_search_call":
      return [{ type: "call", id: item.call_id ?? "", name: "tool_search", input: item.arguments }];
    default:
      return [];
  }
}

function sourcesOf(part: Message["content"][number]): string[] {
  if (part.type !== "output_text") return [];
  return part.annotations.flatMap((annotation) => (annotation.type === "url_citation" ? [annotation.url] : []));
}

function tokensOf(usage: OpenAI.Responses.ResponseUsage): Tokens {
  const { cached_tokens, cache_write_tokens } = usage.input_tokens_details as Partial<typeof usage.input_tokens_details>;
  const thinking = usage.output_tokens_details?.reasoning_tokens;
  return {
    input: usage.input_tokens,
    ...(cached_tokens !== undefined && { cacheRead: cached_tokens }),
    ...(cache_write_tokens !== undefined && { cacheWrite: cache_write_tokens }),
    output: usage.output_tokens,
    ...(thinking !== undefined && { thinking }),
  };
}
