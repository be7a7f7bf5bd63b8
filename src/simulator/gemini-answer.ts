/** An answer in Gemini's words: one response, or the partial ones of a stream (dossier A.4.4). */
import type { Plan } from "./conversation.ts";
import { idFrom, mintSignature } from "./identity.ts";
import type { Fields } from "./json-values.ts";
import { wholeReply, type Frame, type Reply } from "./reply.ts";
import { piecesOf } from "./tokens.ts";

/** What an answer needs besides the plan. */
export interface GeminiContext {
  readonly model: string;
  readonly seed: string;
  readonly issuer: string;
  readonly thinking: "off" | "hidden" | "shown";
  /** Whether the model signs its calls and the end of its text. */
  readonly signs: boolean;
  /** Whether the model gives its calls ids. */
  readonly namesCalls: boolean;
  readonly mediaTokens: number;
}

const JSON_TYPE = { "content-type": "application/json; charset=UTF-8" };

/** The response as one JSON body, pretty-printed as the vendor's. */
export function wholeResponse(plan: Plan, context: GeminiContext): Reply {
  const signed = plan.calls.length === 0 && plan.text !== "" ? signatureOf(context) : {};
  const text = plan.text === "" ? [] : [{ text: plan.text, ...signed }];
  const parts = [...thoughtsOf(plan, context, [plan.thinking]), ...text, ...callsOf(plan, context)];
  return wholeReply(200, JSON_TYPE, `${JSON.stringify(responseOf(plan, context, parts, true), null, 2)}\n`);
}

/** The response as server-sent events, or as the elements of one JSON array. The last one alone has the finish reason. */
export function streamedResponse(plan: Plan, context: GeminiContext, framing: "sse" | "array"): Reply {
  const parts = [
    ...thoughtsOf(plan, context, piecesOf(plan.thinking, 80)),
    ...plan.pieces.map((text) => ({ text })),
    ...callsOf(plan, context),
  ];
  const last = { text: "", ...(plan.calls.length === 0 ? signatureOf(context) : {}) };
  const responses = [...parts.map((part) => responseOf(plan, context, [part], false)), responseOf(plan, context, [last], true)];
  const frames = responses.map((response, index): Frame => {
    const role = index === responses.length - 1 ? "end" : "content";
    return {
      role,
      bytes: Buffer.from(
        framing === "sse"
          ? `data: ${JSON.stringify(response)}\r\n\r\n`
          : `${index === 0 ? "[" : ",\r\n"}${JSON.stringify(response, null, 2)}`,
      ),
    };
  });
  if (framing === "array") frames.push({ role: "end", bytes: Buffer.from("\n]") });
  const headers = framing === "sse" ? { "content-type": "text/event-stream" } : JSON_TYPE;
  return { status: 200, headers, frames, stream: true, chunkDelayMs: plan.chunkDelayMs };
}

function responseOf(plan: Plan, context: GeminiContext, parts: readonly Fields[], last: boolean): Fields {
  const finish = last ? { finishReason: plan.finish ?? (plan.end === "length" ? "MAX_TOKENS" : "STOP") } : {};
  return {
    candidates: [{ content: { parts, role: "model" }, ...finish, index: 0 }],
    usageMetadata: usageOf(plan, context, last),
    modelVersion: context.model,
    responseId: idFrom("", `response ${context.seed}`, 23),
  };
}

/** The prompt's count includes what the cache gave; the candidates' count leaves out the thoughts (dossier B.0.2). Before the end only the prompt is known. */
function usageOf(plan: Plan, context: GeminiContext, last: boolean): Fields {
  const { input, cacheRead, output, thinking } = plan.usage;
  const prompt = input + cacheRead;
  const details = [
    { modality: "TEXT", tokenCount: prompt - context.mediaTokens },
    ...(context.mediaTokens > 0 ? [{ modality: "IMAGE", tokenCount: context.mediaTokens }] : []),
  ];
  const cached = cacheRead > 0 ? { cachedContentTokenCount: cacheRead } : {};
  if (!last) return { promptTokenCount: prompt, ...cached, totalTokenCount: prompt, promptTokensDetails: details };
  return {
    promptTokenCount: prompt,
    ...cached,
    candidatesTokenCount: output - thinking,
    totalTokenCount: prompt + output,
    promptTokensDetails: details,
    ...(thinking > 0 ? { thoughtsTokenCount: thinking } : {}),
  };
}

function signatureOf(context: GeminiContext): Fields {
  return context.signs ? { thoughtSignature: mintSignature(context.issuer, "gemini", context.seed) } : {};
}

function thoughtsOf(plan: Plan, context: GeminiContext, pieces: readonly string[]): Fields[] {
  if (plan.thinking === "" || context.thinking === "hidden") return [];
  return pieces.map((text) => ({ text, thought: true }));
}

/** Of parallel calls only the first is signed (dossier A.4.3). */
function callsOf(plan: Plan, context: GeminiContext): Fields[] {
  return plan.calls.map((call, index) => {
    const id = call.id ?? (context.namesCalls ? idFrom("", `call ${index} ${context.seed}`, 8).toLowerCase() : undefined);
    const functionCall = { ...(id === undefined ? {} : { id }), name: call.name, args: call.input };
    return { functionCall, ...(index === 0 ? signatureOf(context) : {}) };
  });
}
