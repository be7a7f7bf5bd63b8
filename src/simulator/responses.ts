/** OpenAI Responses: generate, count tokens, and what is kept of answers. */
import { BoundConversation } from "./binding-conversation.ts";
import { planFor } from "./brain.ts";
import type { Answer, Call, Dialect, Settings } from "./dialect.ts";
import { seedOf } from "./identity.ts";
import { fieldsOf, listOf, numberOf, textOf, type Fields } from "./json-values.ts";
import { knowsModel } from "./models.ts";
import { answerHeaders, inOnePiece, parseBody } from "./openai-call.ts";
import { CONTEXT_WINDOW_TOKENS, missingKey, openAiFailureReply } from "./openai-errors.ts";
import { modelFacts } from "./openai-models.ts";
import { missing } from "./openai-refusals.ts";
import { finalResponse, wholeResponse } from "./responses-answer.ts";
import { responsesAsk } from "./responses-ask.ts";
import { readState } from "./responses-binding.ts";
import { inputTooLong, responsesFailure, responsesFailureFrame, unknownModel, unknownResponse } from "./responses-errors.ts";
import { readObject } from "./responses-fields.ts";
import { lookedUp, readInput, wholeConversation } from "./responses-history.ts";
import { typeOf } from "./responses-items.ts";
import { compactionOutput, outputOf } from "./responses-output.ts";
import { checkNames, checkRequest } from "./responses-rules.ts";
import type { KeptResponse } from "./responses-store.ts";
import { streamedResponse } from "./responses-stream.ts";
import type { Behaviour } from "./types.ts";

/** The Responses protocol as OpenAI serves it, and, for models that are not OpenAI's, as compatible servers do. */
export const responses: Dialect = {
  bodyLimit: 64 * 1024 * 1024,
  answer: answerCall,
  ask: ({ body, credential }, kept) => {
    const parsed = parseBody(body);
    return responsesAsk(parsed, lookedUp(parsed, kept, credential));
  },
  failure: responsesFailure,
  oversize: () => responsesFailure(413),
  failureReply: openAiFailureReply,
  failureFrame: responsesFailureFrame,
};

function answerCall(call: Call, settings: Settings, script: Behaviour): Answer {
  if (settings.requireKey && call.credential === undefined) throw missingKey();
  switch (call.operation) {
    case "get-response":
      return inOnePiece(call, keptFor(call, settings).response);
    case "list-input-items":
      return inOnePiece(call, inputItems(keptFor(call, settings), call.query));
    case "delete-response":
      keptFor(call, settings);
      settings.responses.remove(call.credential, call.responseId);
      return inOnePiece(call, { id: call.responseId, object: "response.deleted", deleted: true });
    case "count-tokens":
      return count(call, settings);
    default:
      return generate(call, settings, script);
  }
}

/** A request that keeps the rules. */
interface Request {
  readonly body: Fields;
  /** The whole conversation, and how many of its items are the request's own. */
  readonly items: readonly Fields[];
  readonly own: number;
}

function readRequest(call: Call, settings: Settings, object: "Request" | "CountRequest"): Request {
  const parsed = parseBody(call.body);
  checkNames(parsed);
  const body = readObject(parsed, object, "");
  const model = textOf(body["model"]);
  if (model === "") throw missing("model");
  if (!knowsModel(model, settings.models)) throw unknownModel(model);
  const own = readInput(body["input"]);
  checkRequest(body, own);
  const items = wholeConversation(body, own, {
    store: settings.responses,
    credential: call.credential,
    rawReasoning: modelFacts(model).rawReasoning,
  });
  return { body, items, own: own.length };
}

function generate(call: Call, settings: Settings, script: Behaviour): Answer {
  const { body, items, own } = readRequest(call, settings, "Request");
  const model = textOf(body["model"]);
  const conversation = new BoundConversation(settings.state, { vendor: "openai", account: call.credential ?? "", model }, call.state);
  const transformations = readState(body, items, own, conversation);
  const ask = responsesAsk(body, items);
  if (ask.size.input + ask.size.cacheRead > CONTEXT_WINDOW_TOKENS) throw inputTooLong();
  const plan = planFor(ask, script);
  const seed = seedOf(call.body);
  const outputContext = {
    seed,
    facts: modelFacts(model),
    conversation,
    thinking: ask.thinking,
    tools: ask.tools,
    includes: new Set(listOf(body["include"])),
    alternatives: numberOf(body["top_logprobs"]) ?? 0,
  };
  const asksForSummary = typeOf(items.at(-1) ?? {}) === "compaction_trigger";
  const output = asksForSummary ? compactionOutput(outputContext) : outputOf(plan, outputContext);
  const context = { body, model, seed, headers: answerHeaders(call), transformations, quirks: new Set(script.quirks) };
  const response = finalResponse(plan, output, context);
  if (body["store"] !== false) settings.responses.keep(call.credential, { response, input: items, bytes: 2 * call.body.length });
  return {
    whole: () => wholeResponse(response, context),
    stream: ask.stream ? () => streamedResponse(plan, output, response, context) : undefined,
  };
}

function count(call: Call, settings: Settings): Answer {
  const { body, items } = readRequest(call, settings, "CountRequest");
  const { size } = responsesAsk(body, items);
  return inOnePiece(call, { object: "response.input_tokens", input_tokens: size.input + size.cacheRead });
}

function keptFor(call: Call, settings: Settings): KeptResponse {
  const kept = settings.responses.response(call.credential, call.responseId);
  if (kept === undefined) throw unknownResponse(call.responseId);
  return kept;
}

/** The items that an answer was made from, the latest first unless the query says otherwise. */
function inputItems({ input }: KeptResponse, query: URLSearchParams): Fields {
  const named = input.map((item, index): Fields => ({ id: `item_${index}`, status: "completed", ...item }));
  const ordered = query.get("order") === "asc" ? named : named.toReversed();
  const from = ordered.findIndex((item) => item["id"] === query.get("after")) + 1;
  const limit = Number(query.get("limit") ?? 20);
  const data = ordered.slice(from, from + limit);
  return {
    object: "list",
    data,
    first_id: fieldsOf(data[0])["id"] ?? null,
    last_id: fieldsOf(data.at(-1))["id"] ?? null,
    has_more: from + limit < ordered.length,
  };
}
