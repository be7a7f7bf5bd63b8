/** Gemini generateContent: generate, stream, count tokens, list models. */
import { BoundConversation } from "./binding-conversation.ts";
import { planFor } from "./brain.ts";
import type { Answer, Call, Dialect, Settings } from "./dialect.ts";
import { streamedResponse, wholeResponse } from "./gemini-answer.ts";
import { geminiAsk, mediaTokens } from "./gemini-ask.ts";
import { readState } from "./gemini-binding.ts";
import { geminiFailure, geminiFailureFrame, geminiFailureReply, missingKey } from "./gemini-errors.ts";
import { readBody } from "./gemini-fields.ts";
import { checkRequest, geminiGeneration } from "./gemini-rules.ts";
import { seedOf } from "./identity.ts";
import { fieldsOf } from "./json-values.ts";
import { geminiModel, geminiModels, knowsModel, unknownGeminiModel } from "./models.ts";
import { wholeReply } from "./reply.ts";
import type { Behaviour } from "./types.ts";
import { invalid } from "./vendor-error.ts";

const CONTEXT_WINDOW_TOKENS = 1_048_576;
const BODY_LIMIT = 20 * 1024 * 1024;

/** The generateContent protocol as the Gemini API serves it. */
export const gemini: Dialect = {
  bodyLimit: BODY_LIMIT,
  answer: answerCall,
  ask: ({ body, model, framing }) => geminiAsk(readBody(parse(body), "Request"), model, framing !== undefined),
  failure: geminiFailure,
  oversize: () => invalid(`Request payload size exceeds the limit: ${BODY_LIMIT} bytes.`),
  failureReply: geminiFailureReply,
  failureFrame: geminiFailureFrame,
};

function answerCall(call: Call, settings: Settings, script: Behaviour): Answer {
  if (settings.requireKey && call.credential === undefined) throw missingKey();
  if (call.operation === "list-models") return inOnePiece(geminiModels(settings.models, call.query));
  if (!knowsModel(call.model, settings.models)) throw unknownGeminiModel(call.model);
  if (call.operation === "get-model") return inOnePiece(geminiModel(call.model));
  return call.operation === "count-tokens" ? count(call) : generate(call, settings, script);
}

function generate(call: Call, settings: Settings, script: Behaviour): Answer {
  const { model, framing } = call;
  const body = readBody(parse(call.body), "Request");
  checkRequest(body, model);
  const conversation = new BoundConversation(settings.state, { vendor: "gemini", account: call.credential ?? "", model }, call.state);
  readState(body, conversation);
  const ask = geminiAsk(body, model, framing !== undefined);
  const total = ask.size.input + ask.size.cacheRead;
  if (total > CONTEXT_WINDOW_TOKENS)
    throw invalid(`The input token count (${total}) exceeds the maximum number of tokens allowed (${CONTEXT_WINDOW_TOKENS}).`);
  const plan = planFor(ask, script);
  const modern = geminiGeneration(model) >= 3;
  const context = {
    model,
    seed: seedOf(call.body),
    conversation,
    thinking: ask.thinking,
    signs: modern || plan.blocks.some(({ type }) => type === "thinking"),
    namesCalls: modern,
    mediaTokens: mediaTokens(body),
  };
  return {
    whole: () => wholeResponse(plan, context),
    stream: framing === undefined ? undefined : () => streamedResponse(plan, context, framing),
  };
}

/** Takes `contents`, or a whole `generateContentRequest` (dossier rule 378). */
function count(call: Call): Answer {
  const body = readBody(parse(call.body), "CountRequest");
  const request = body["generateContentRequest"] === undefined ? body : fieldsOf(body["generateContentRequest"]);
  const { size } = geminiAsk(request, call.model, false);
  const total = size.input + size.cacheRead;
  return inOnePiece({ totalTokens: total, promptTokensDetails: [{ modality: "TEXT", tokenCount: total }] });
}

function inOnePiece(body: unknown): Answer {
  return {
    whole: () => wholeReply(200, { "content-type": "application/json; charset=UTF-8" }, `${JSON.stringify(body, null, 2)}\n`),
    stream: undefined,
  };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw invalid(`Invalid JSON payload received. ${(error as Error).message}`);
  }
}
