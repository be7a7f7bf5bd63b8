/** Anthropic Messages: generate, count tokens, list models. */
import { planFor } from "./brain.ts";
import type { Answer, Call, Dialect, Settings } from "./dialect.ts";
import { BoundConversation } from "./binding-conversation.ts";
import { seedOf } from "./identity.ts";
import { isFields, textOf, type Fields } from "./json-values.ts";
import { streamedMessage, wholeMessage } from "./messages-answer.ts";
import { messagesAsk, totalTokens } from "./messages-ask.ts";
import { readBinding, readState } from "./messages-binding.ts";
import { anthropicFailure, anthropicFailureFrame, anthropicFailureReply, requestIdOf } from "./messages-errors.ts";
import { checkFields, checkVersion } from "./messages-fields.ts";
import { readMessages } from "./messages-turns.ts";
import { anthropicModel, anthropicModels, knowsModel, unknownAnthropicModel } from "./models.ts";
import { wholeReply } from "./reply.ts";
import type { Behaviour } from "./types.ts";
import { invalid, VendorError } from "./vendor-error.ts";

const CONTEXT_WINDOW_TOKENS = 1_000_000;

/** The Messages protocol as Anthropic serves it. */
export const messages: Dialect = {
  bodyLimit: 32 * 1024 * 1024,
  answer: answerCall,
  ask: (call) => messagesAsk(parse(call.body)),
  failure: anthropicFailure,
  oversize: () => anthropicFailure(413),
  failureReply: anthropicFailureReply,
  failureFrame: anthropicFailureFrame,
};

function answerCall(call: Call, settings: Settings, script: Behaviour): Answer {
  if (settings.requireKey && call.credential === undefined) throw new VendorError(401, "x-api-key header is required");
  const version = checkVersion(call.headers["anthropic-version"]);
  if (call.operation === "list-models") return inOnePiece(call, anthropicModels(settings.models, call.query));
  if (call.operation === "get-model") {
    if (!knowsModel(call.model, settings.models)) throw unknownAnthropicModel(call.model);
    return inOnePiece(call, anthropicModel(call.model));
  }
  const body = parse(call.body);
  checkFields(body, version, call.operation === "count-tokens");
  const model = textOf(body["model"]);
  if (!knowsModel(model, settings.models)) throw unknownAnthropicModel(model);
  const binding = readBinding(body, call.headers);
  const messages = readMessages(body, model);
  const conversation = new BoundConversation(settings.state, { vendor: "anthropic", account: call.credential ?? "", model }, call.state);
  const dropped = readState(body, messages, conversation, binding.drops);
  const ask = messagesAsk(body);
  const total = totalTokens(ask.size);
  if (call.operation === "count-tokens") return inOnePiece(call, { input_tokens: total });
  if (total > CONTEXT_WINDOW_TOKENS) throw invalid(`prompt is too long: ${total} tokens > ${CONTEXT_WINDOW_TOKENS} maximum`);
  const plan = planFor(ask, script);
  const context = {
    model,
    seed: seedOf(call.body),
    conversation,
    transformations: binding.reports ? dropped : undefined,
    thinking: ask.thinking,
    headers: headersOf(call),
  };
  return {
    whole: () => wholeMessage(plan, context),
    stream: body["stream"] === true ? () => streamedMessage(plan, context) : undefined,
  };
}

function inOnePiece(call: Call, body: unknown): Answer {
  return { whole: () => wholeReply(200, { ...headersOf(call), "content-type": "application/json" }, body), stream: undefined };
}

function headersOf(call: Call): Record<string, string> {
  return { "request-id": requestIdOf(call), "anthropic-organization-id": "00000000-0000-4000-8000-000000000000" };
}

function parse(body: Buffer): Fields {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw invalid(`The request body is not valid JSON: ${(error as Error).message}`);
  }
  if (!isFields(value)) throw invalid("Input should be an object");
  return value;
}
