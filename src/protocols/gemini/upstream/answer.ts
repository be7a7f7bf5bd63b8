/**
 * An answer as events (dossier A.4.4, B.0.1, B.3). Streams bring it in many bodies of one shape, a whole answer in one;
 * both are read here. Reasons to finish, and more parts after one, may come in any number (recordings, oddity 42), so the
 * answer is finished only when its bytes end.
 */
import type { Content, Finish } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { asArray, asObject, asString, parseJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import type { OpaqueState } from "../../../chat/state.ts";
import type { DecodeContext } from "../../protocol.ts";
import { CallReader } from "./calls.ts";
import { decodeErrorBody } from "./error.ts";
import { EventWriter } from "./event-writer.ts";
import { finishReason, finishWord } from "../finish.ts";
import { HostedReader } from "./hosted-parts.ts";
import { decodeLogprobs } from "./logprobs-decode.ts";
import { UsageReader } from "../usage.ts";

export class AnswerDecoder {
  readonly #context: DecodeContext;
  readonly #writer: EventWriter;
  readonly #calls: CallReader;
  readonly #hosted: HostedReader;
  readonly #usage = new UsageReader();
  #started = false;
  #failed = false;
  #responseId = "";
  #word: string | undefined;
  #explanation: string | undefined;
  #blocked: string | undefined;
  #continuation: JsonValue | undefined;
  /** Every body tells of its own tokens. */
  readonly #logprobs: ReturnType<typeof decodeLogprobs>[number][] = [];
  /** An empty text with a signature, kept back while the text before it may still be cited (rule 142). */
  #trailing: OpaqueState | undefined;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#writer = new EventWriter(context.request?.tools.some((tool) => tool.type === "hosted") ?? false);
    this.#calls = new CallReader(this.#writer, context);
    this.#hosted = new HostedReader(this.#writer, context);
  }

  /**
   * One body.
   * @param text what it was parsed from, when numbers may have lost digits: calls are then read again from it (rule 58).
   */
  take(body: JsonObject, text?: string): readonly ChatEvent[] {
    if (this.#failed) return [];
    const error = decodeErrorBody(body);
    if (error) return this.fail(error);
    this.#start(body);
    // Before the content: clients are told the size of the prompt when an answer begins (dossier A.1.4).
    const metadata = asObject(body["usageMetadata"]);
    const usage = metadata && this.#usage.read(metadata);
    if (usage) this.#writer.push({ type: "usage", usage });
    const candidate = asObject(asArray(body["candidates"])?.[0]);
    if (candidate) this.#candidate(candidate, text);
    const feedback = asObject(body["promptFeedback"]);
    if (feedback) {
      this.#blocked = asString(feedback["blockReason"]) ?? this.#blocked;
      this.#explanation = asString(feedback["blockReasonMessage"]) ?? this.#explanation;
    }
    return this.#writer.take();
  }

  /** Whether a reason to finish was told; more may follow it all the same (recordings, oddity 42). */
  get finished(): boolean {
    return !this.#failed && (this.#word ?? this.#blocked) !== undefined;
  }

  /** The answer's bytes ended. `whole`: they were one body, which cannot have been cut. */
  end(whole: boolean): readonly ChatEvent[] {
    if (this.#failed) return [];
    const word = this.#word ?? this.#blocked;
    if (word === undefined && !(whole && this.#writer.count > 0)) {
      const cut = this.#started ? "ended before the answer was complete" : "ended before an answer began";
      return this.fail(
        new GatewayError(
          whole ? "upstream" : "transport",
          whole ? "The upstream's answer holds no content." : `The upstream's stream ${cut}.`,
        ),
      );
    }
    this.#calls.flush(this.#responseId);
    this.#hosted.finish();
    this.#flushTrailing();
    this.#writer.close();
    const finish = this.#finish(word);
    // Nothing was said, for a reason that may not hold the next time (rule 239).
    if (finish.reason === "other" && this.#writer.count === 0) {
      return this.fail(new GatewayError("upstream", this.#explanation ?? `The model gave no answer (${word}).`));
    }
    this.#writer.push({ type: "finish", finish });
    return this.#writer.take();
  }

  /** Ends the answer as a failure. */
  fail(error: GatewayError): readonly ChatEvent[] {
    if (this.#failed) return [];
    this.#failed = true;
    this.#writer.push({ type: "error", error });
    return this.#writer.take();
  }

  #start(body: JsonObject): void {
    if (this.#started) return;
    const id = asString(body["responseId"]);
    const model = asString(body["modelVersion"]);
    // A body that says nothing at all is a heartbeat (dossier C.11).
    if (id === undefined && model === undefined && STARTS.every((key) => body[key] === undefined)) return;
    this.#started = true;
    this.#responseId = id ?? "";
    this.#writer.push({ type: "start", ...(id !== undefined && { id }), ...(model !== undefined && { model }) });
  }

  #candidate(candidate: JsonObject, text: string | undefined): void {
    const parts = asArray(asObject(candidate["content"])?.["parts"]) ?? [];
    const word = finishWord(candidate["finishReason"]);
    const grounded = candidate["groundingMetadata"] !== undefined || candidate["urlContextMetadata"] !== undefined;
    if (grounded) this.#hosted.note(candidate, parts, word !== undefined, this.#responseId);
    if (candidate["logprobsResult"] !== undefined) this.#logprobs.push(...decodeLogprobs(candidate["logprobsResult"]));
    let exact: readonly JsonValue[] | undefined;
    for (let i = 0; i < parts.length; i += 1) {
      const part = asObject(parts[i]);
      if (!part) continue;
      if (typeof part["text"] === "string" && this.#text(part, part["text"])) continue;
      if (text !== undefined && part["functionCall"] !== undefined) exact ??= partsOf(text);
      this.#other(asObject(exact?.[i]) ?? part);
    }
    // It may come before the end, as far as the answer is safe by then.
    this.#continuation = candidate["continuationToken"] ?? this.#continuation;
    if (word === undefined) return;
    this.#word = word;
    this.#explanation = asString(candidate["finishMessage"]) ?? this.#explanation;
    if (grounded) this.#hosted.finish();
  }

  /** Text, thoughts and their signatures. @returns whether the part was one of these. */
  #text(part: JsonObject, text: string): boolean {
    const signature = part["thoughtSignature"];
    if (this.#calls.open && (text !== "" || signature !== undefined)) this.#calls.flush(this.#responseId);
    if (part["thought"] === true) {
      this.#flushTrailing();
      this.#writer.reasoning(text, this.#state(signature));
      return true;
    }
    const state = this.#state(signature);
    if (!state && text === "") return part["functionCall"] === undefined;
    this.#flushTrailing();
    if (!state) this.#writer.text(text);
    else if (text === "") this.#trailing = state;
    else this.#writer.signedText(text, state);
    return true;
  }

  #other(part: JsonObject): void {
    const keys = Object.keys(part);
    if (keys.length === 0) return;
    if (keys.length === 1 && keys[0] === "thoughtSignature") {
      this.#text(part, "");
      return;
    }
    this.#flushTrailing();
    const call = asObject(part["functionCall"]);
    if (call && this.#calls.read(call, this.#state(part["thoughtSignature"]), this.#responseId)) return;
    this.#calls.flush(this.#responseId);
    const response = asObject(part["functionResponse"]);
    if (response) {
      const callId = this.#calls.answered(asString(response["id"]), asString(response["name"]) ?? "");
      this.#hosted.functionResponse(callId, part);
    } else if (!this.#hosted.read(part)) this.#writer.whole(decodeMedia(part) ?? opaque(part));
  }

  #state(signature: JsonValue | undefined): OpaqueState | undefined {
    if (typeof signature !== "string" || signature === "") return undefined;
    return { issuer: this.#context.issuer, kind: "thought-signature", value: signature };
  }

  #flushTrailing(): void {
    if (!this.#trailing) return;
    this.#writer.whole({ type: "text", text: "", state: this.#trailing });
    this.#trailing = undefined;
  }

  #finish(word: string | undefined): Finish {
    const blocked = this.#word === undefined && this.#blocked !== undefined;
    const reason = blocked ? "content-filter" : finishReason(word ?? "", this.#calls.waiting);
    // Some models add a message to every good end.
    const told = reason !== "stop" && reason !== "tool-calls" && this.#explanation !== undefined;
    return {
      reason,
      ...(word !== undefined && { raw: word }),
      ...(told && { explanation: this.#explanation as string }),
      ...(this.#logprobs.length > 0 && { logprobs: this.#logprobs }),
      ...(reason === "continuation" &&
        this.#continuation !== undefined && { native: { protocol: "gemini", fields: { continuationToken: this.#continuation } } }),
    };
  }
}

/** Any of these makes a body part of an answer. */
const STARTS = ["candidates", "promptFeedback", "usageMetadata"] as const;

/** The first candidate's parts, numbers as they were written. */
function partsOf(text: string): readonly JsonValue[] {
  const candidate = asObject(asArray(asObject(parseJson(text))?.["candidates"])?.[0]);
  return asArray(asObject(candidate?.["content"])?.["parts"]) ?? [];
}

/** An image, sound or video the model made. */
function decodeMedia(part: JsonObject): Content | undefined {
  const inline = asObject(part["inlineData"]);
  const file = asObject(part["fileData"]);
  const mediaType = asString((inline ?? file)?.["mimeType"]);
  const base64 = asString(inline?.["data"]);
  const url = asString(file?.["fileUri"]);
  const source = base64 === undefined ? (url === undefined ? undefined : { url }) : { base64 };
  if (!source || part["thought"] === true) return undefined;
  const family = mediaType?.split("/")[0];
  const kind = family === "image" || family === "audio" || family === "video" ? family : "document";
  const { inlineData: _inline, fileData: _file, ...rest } = part;
  const native = Object.keys(rest).length > 0 ? { native: { protocol: "gemini" as const, fields: rest } } : {};
  return { type: "media", kind, ...(mediaType !== undefined && { mediaType }), source, ...native };
}

function opaque(part: JsonObject): Content {
  const name = Object.keys(part).find((key) => key !== "thoughtSignature" && key !== "thought") ?? "part";
  return { type: "opaque", name, native: { protocol: "gemini", fields: part } };
}
