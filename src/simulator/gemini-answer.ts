/** An answer in Gemini's words: one response, or the partial ones of a stream (dossier A.4.4). */
import type { Plan, PlannedCallBlock, PlannedThinking } from "./conversation.ts";
import type { BoundAnswer, BoundConversation } from "./binding-conversation.ts";
import { addPart, ANSWERER } from "./gemini-binding.ts";
import { groundingOf } from "./gemini-grounding.ts";
import { idFrom } from "./identity.ts";
import type { Fields } from "./json-values.ts";
import { wholeReply, type Frame, type Reply } from "./reply.ts";
import { piecesOf } from "./tokens.ts";
import type { AnswerEnd } from "./types.ts";

/** What an answer needs besides the plan. */
export interface GeminiContext {
  readonly model: string;
  readonly seed: string;
  /** What the answer's signatures are bound to. */
  readonly conversation: BoundConversation;
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
  const parts = new PartsWriter(plan, context, "whole").parts();
  return wholeReply(200, JSON_TYPE, `${JSON.stringify(responseOf(plan, context, parts, true), null, 2)}\n`);
}

/** The response as server-sent events, or as the elements of one JSON array. The last one alone has the finish reason. */
export function streamedResponse(plan: Plan, context: GeminiContext, framing: "sse" | "array"): Reply {
  const writer = new PartsWriter(plan, context, "streamed");
  const parts = writer.parts();
  const last = { text: "", ...(signsTrailing(plan) ? writer.signature("end") : {}) };
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

/** Where nothing is called, the end of the text is signed, if this is the end: on the text itself, or on an empty part after the streamed pieces. */
function signsTrailing({ blocks, continuationToken }: Plan): boolean {
  if (continuationToken !== undefined) return false;
  const texts = blocks.filter((block) => block.type === "text");
  return !blocks.some(({ type }) => type === "call") && texts.at(-1)?.signed === undefined;
}

/** Writes the parts of one answer, and the signatures on them. */
class PartsWriter {
  readonly #plan: Plan;
  readonly #context: GeminiContext;
  readonly #form: "whole" | "streamed";
  readonly #answer: BoundAnswer;

  constructor(plan: Plan, context: GeminiContext, form: "whole" | "streamed") {
    this.#plan = plan;
    this.#context = context;
    this.#form = form;
    this.#answer = context.conversation.answer();
  }

  /** Of parallel calls only the first is signed (dossier A.4.3), unless a script says otherwise. */
  parts(): Fields[] {
    const { blocks } = this.#plan;
    const firstCall = blocks.findIndex(({ type }) => type === "call");
    const lastText = blocks.findLastIndex(({ type }) => type === "text");
    const trailing = this.#form === "whole" && signsTrailing(this.#plan);
    return blocks.flatMap((block, position): Fields[] => {
      const place = String(position);
      switch (block.type) {
        case "thinking":
          return this.#context.thinking === "hidden" ? [] : this.#thought(block);
        case "text": {
          const pieces = this.#form === "whole" ? [block.text] : block.pieces;
          return this.#signed(
            pieces.map((text) => ({ text })),
            block.signed ?? (trailing && position === lastText),
            place,
          );
        }
        case "call":
          return this.#signed([callPart(block, place, this.#context)], block.signed ?? position === firstCall, place);
        case "image":
          return this.#signed([{ inlineData: { mimeType: block.mimeType, data: block.data } }], false, place);
        case "search":
        case "refusal":
          return [];
        case "redacted":
          throw new Error("Gemini has no redacted thinking.");
      }
    });
  }

  /** The signature of what was written so far, where the model signs. */
  signature(place: string): Fields {
    const { signs, seed } = this.#context;
    return signs ? { thoughtSignature: this.#answer.mintBehind(ANSWERER, `${place} ${seed}`) } : {};
  }

  /** The signature stands on the last of the pieces. */
  #signed(pieces: readonly Fields[], signs: boolean, place: string): Fields[] {
    for (const piece of pieces) addPart(this.#answer, ANSWERER, piece);
    const signature = signs ? this.signature(place) : {};
    return pieces.map((piece, index) => ({ ...piece, ...(index === pieces.length - 1 ? signature : {}) }));
  }

  #thought(block: PlannedThinking): Fields[] {
    const pieces = this.#form === "whole" ? [block.text] : (block.pieces ?? piecesOf(block.text, 80));
    const scripted = typeof block.signature === "string" ? block.signature : undefined;
    if (scripted !== undefined) this.#answer.scripted(ANSWERER, scripted);
    const signature = scripted === undefined ? {} : { thoughtSignature: scripted };
    return pieces.map((text, index) => ({ text, thought: true, ...(index === pieces.length - 1 ? signature : {}) }));
  }
}

function callPart(call: PlannedCallBlock, place: string, context: GeminiContext): Fields {
  if (call.custom) throw new Error("Gemini has no calls with free text.");
  const id = call.id ?? (context.namesCalls ? idFrom("", `call ${place} ${context.seed}`, 8).toLowerCase() : undefined);
  return { functionCall: { ...(id === undefined ? {} : { id }), name: call.name, args: call.input } };
}
