/** OpenAI Chat Completions: generate, list models. */
import { BoundConversation } from "./binding-conversation.ts";
import { planFor } from "./brain.ts";
import { wholeCompletion, type ChatContext } from "./chat-answer.ts";
import { chatAsk } from "./chat-ask.ts";
import { readState } from "./chat-binding.ts";
import { readObject } from "./chat-fields.ts";
import { checkRequest } from "./chat-rules.ts";
import { streamedCompletion } from "./chat-stream.ts";
import { readMessages } from "./chat-turns.ts";
import type { Answer, Call, Dialect, Settings } from "./dialect.ts";
import { seedOf } from "./identity.ts";
import { fieldsOf, numberOf, textOf, type Fields } from "./json-values.ts";
import { knowsModel, openAiModel, openAiModels, unknownOpenAiModel } from "./models.ts";
import { answerHeaders, inOnePiece, parseBody } from "./openai-call.ts";
import {
  CONTEXT_WINDOW_TOKENS,
  contextTooLong,
  missingKey,
  openAiFailure,
  openAiFailureFrame,
  openAiFailureReply,
} from "./openai-errors.ts";
import { isOpenAi, modelFacts } from "./openai-models.ts";
import { missing } from "./openai-refusals.ts";
import type { Behaviour } from "./types.ts";

/** The Chat Completions protocol as OpenAI serves it, and, for models that are not OpenAI's, as compatible servers do. */
export const chat: Dialect = {
  bodyLimit: 64 * 1024 * 1024,
  answer: answerCall,
  ask: (call) => chatAsk(parseBody(call.body)),
  failure: openAiFailure,
  oversize: () => openAiFailure(413),
  failureReply: openAiFailureReply,
  failureFrame: openAiFailureFrame,
};

function answerCall(call: Call, settings: Settings, script: Behaviour): Answer {
  if (settings.requireKey && call.credential === undefined) throw missingKey();
  if (call.operation === "list-models") return inOnePiece(call, openAiModels(settings.models));
  if (call.operation === "get-model") {
    if (!knowsModel(call.model, settings.models)) throw unknownOpenAiModel(call.model);
    return inOnePiece(call, openAiModel(call.model));
  }
  const body = readObject(parseBody(call.body), "Request", "");
  const model = textOf(body["model"]);
  if (model === "") throw missing("model");
  if (!knowsModel(model, settings.models)) throw unknownOpenAiModel(model);
  const messages = readMessages(body, model);
  checkRequest(body, messages);
  const conversation = new BoundConversation(settings.state, { vendor: "chat", account: call.credential ?? "", model }, call.state);
  readState(body, messages, conversation);
  const ask = chatAsk({ ...body, messages });
  const total = ask.size.input + ask.size.cacheRead;
  if (total > CONTEXT_WINDOW_TOKENS) throw contextTooLong(total);
  const plan = planFor(ask, script);
  const context = contextOf(call, conversation, body);
  return {
    whole: () => wholeCompletion(plan, context),
    stream: ask.stream ? () => streamedCompletion(plan, context) : undefined,
  };
}

function contextOf(call: Call, conversation: BoundConversation, body: Fields): ChatContext {
  const model = textOf(body["model"]);
  const options = fieldsOf(body["stream_options"]);
  const choice = fieldsOf(body["tool_choice"] ?? body["function_call"]);
  return {
    model,
    facts: modelFacts(model),
    seed: seedOf(call.body),
    conversation,
    headers: answerHeaders(call),
    choices: numberOf(body["n"]) ?? 1,
    alternatives: body["logprobs"] === true ? (numberOf(body["top_logprobs"]) ?? 0) : undefined,
    legacy: body["functions"] !== undefined,
    named: choice["type"] === "function" || choice["type"] === "custom" || choice["name"] !== undefined,
    includeUsage: options["include_usage"] === true,
    obfuscates: isOpenAi(model) && options["include_obfuscation"] !== false,
  };
}
