/** An answer in Gemini's words: one response, or the partial ones of a stream (dossier A.4.4). */
import type { Plan, PlannedCallBlock, PlannedThinking } from "./conversation.ts";
import { groundingOf } from "./gemini-grounding.ts";
import { idFrom, mintSignature } from "./identity.ts";
import type { Fields } from "./json-values.ts";
import { wholeReply, type Frame, type Reply } from "./reply.ts";
import { piecesOf } from "./tokens.ts";
import type { AnswerEnd } from "./types.ts";

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
  const parts = partsOf(plan, context, "whole");
  return wholeReply(200, JSON_TYPE, `${JSON.stringify(responseOf(plan, context, parts, true), null, 2)}\n`);
}

/** The response as server-sent events, or as the elements of one JSON array. The last one alone has the finish reason. */
export function streamedResponse(plan: Plan, context: GeminiContext, framing: "sse" | "array"): Reply {
  const parts = partsOf(plan, context, "streamed");
  const last = { text: "", ...(signsTrailing(plan) ? signatureOf(context, "end") : {}) };
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
  const ending = last ? { ...finishOf(plan), ...groundingOf(plan.blocks) } : {};
  return {
    candidates: [{ content: { parts, role: "model" }, ...ending, index: 0 }],
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

const REASONS: Readonly<Record<AnswerEnd, string>> = {
  end: "STOP",
  calls: "STOP",
  length: "MAX_TOKENS",
  "stop-sequence": "STOP",
  refusal: "SAFETY",
  filter: "SAFETY",
  "context-full": "MAX_TOKENS",
  pause: "STOP",
};

/** A refusal's words stand beside the content, not in it. */
function finishOf(plan: Plan): Fields {
  const refusal = plan.blocks.find((block) => block.type === "refusal");
  const { continuationToken } = plan;
  return {
    finishReason: plan.finish ?? REASONS[plan.end],
    ...(refusal === undefined ? {} : { finishMessage: refusal.text }),
    ...(continuationToken === undefined ? {} : { continuationToken }),
  };
}

function signatureOf(context: GeminiContext, place: string): Fields {
  return context.signs ? { thoughtSignature: mintSignature(context.issuer, "gemini", `${place} ${context.seed}`) } : {};
}

/** Where nothing is called, the end of the text is signed, if this is the end: on the text itself, or on an empty part after the streamed pieces. */
function signsTrailing({ blocks, continuationToken }: Plan): boolean {
  if (continuationToken !== undefined) return false;
  const texts = blocks.filter((block) => block.type === "text");
  return !blocks.some(({ type }) => type === "call") && texts.at(-1)?.signed === undefined;
}

/** Of parallel calls only the first is signed (dossier A.4.3), unless a script says otherwise. */
function partsOf(plan: Plan, context: GeminiContext, form: "whole" | "streamed"): Fields[] {
  const firstCall = plan.blocks.findIndex(({ type }) => type === "call");
  const lastText = plan.blocks.findLastIndex(({ type }) => type === "text");
  const trailing = form === "whole" && signsTrailing(plan);
  return plan.blocks.flatMap((block, position): Fields[] => {
    const place = String(position);
    switch (block.type) {
      case "thinking":
        return context.thinking === "hidden" ? [] : thoughtParts(block, form);
      case "text": {
        const signature = (block.signed ?? (trailing && position === lastText)) ? signatureOf(context, place) : {};
        const pieces = form === "whole" ? [block.text] : block.pieces;
        return pieces.map((text, index) => ({ text, ...(index === pieces.length - 1 ? signature : {}) }));
      }
      case "call":
        return [callPart(block, place, (block.signed ?? position === firstCall) ? signatureOf(context, place) : {}, context)];
      case "image":
        return [{ inlineData: { mimeType: block.mimeType, data: block.data } }];
      case "search":
      case "refusal":
        return [];
      case "redacted":
        throw new Error("Gemini has no redacted thinking.");
    }
  });
}

function thoughtParts(block: PlannedThinking, form: "whole" | "streamed"): Fields[] {
  const pieces = form === "whole" ? [block.text] : (block.pieces ?? piecesOf(block.text, 80));
  const signature = typeof block.signature === "string" ? { thoughtSignature: block.signature } : {};
  return pieces.map((text, index) => ({ text, thought: true, ...(index === pieces.length - 1 ? signature : {}) }));
}

function callPart(call: PlannedCallBlock, place: string, signature: Fields, context: GeminiContext): Fields {
  if (call.custom) throw new Error("Gemini has no calls with free text.");
  const id = call.id ?? (context.namesCalls ? idFrom("", `call ${place} ${context.seed}`, 8).toLowerCase() : undefined);
  return { functionCall: { ...(id === undefined ? {} : { id }), name: call.name, args: call.input }, ...signature };
}
