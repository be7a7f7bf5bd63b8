/**
 * An answer as events (A.2.2, A.2.3). A chunk of a stream and a whole answer differ in one word, `delta` or `message`;
 * both are read here. What ends an answer may come in any order and more than once (recordings, oddities 16, 17), so it
 * is finished only when its bytes are.
 */
import type { Citation } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { asArray, asObject, asString, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { JsonFence } from "../../shared/json-fence.ts";
import type { DecodeContext } from "../../protocol.ts";
import { CallReader } from "./calls-decode.ts";
import { exactCalls, firstChoice } from "./choice.ts";
import { decodeErrorBody, saysError } from "../../shared/openai-errors.ts";
import { EventWriter, type Streamed } from "./event-writer.ts";
import { decodeLogprobs, type Logprobs } from "../../shared/openai-logprobs.ts";
import { decodeFinish, isFailure } from "./finish-decode.ts";
import { AudioReader, decodeImages, sourcesOf, urlCitation } from "./media-decode.ts";
import { DetailsJoiner, detailsState, detailText, plainState, REASONING_FIELDS } from "../reasoning-state.ts";
import { decodeUsage } from "./usage-decode.ts";

export class AnswerDecoder {
  readonly #context: DecodeContext;
  readonly #writer = new EventWriter();
  readonly #calls: CallReader;
  readonly #details = new DetailsJoiner();
  readonly #audio = new AudioReader();
  #started = false;
  #failed = false;
  #responseId = "";
  #word: string | undefined;
  #refused = false;
  #reasoningField: string = REASONING_FIELDS[0];
  #usage: JsonObject | undefined;
  #usageTold: JsonObject | undefined;
  #sources: JsonObject | undefined;
  /** What came before the text that it stands on. */
  readonly #citations: Citation[] = [];
  readonly #logprobs: Logprobs[number][] = [];

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#calls = new CallReader(this.#writer, context);
  }

  /** Whether the answer failed: nothing more can be said. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Whether anything of an answer has come. */
  get started(): boolean {
    return this.#started;
  }

  /** Whether a reason to finish was told. */
  get hasReason(): boolean {
    return this.#word !== undefined;
  }

  /**
   * One body.
   * @param text what it was parsed from, when numbers may have lost digits: calls are then read again from it (rule 58).
   */
  take(body: JsonObject, text?: string): readonly ChatEvent[] {
    if (this.#failed) return [];
    if (saysError(body)) return this.fail(decodeErrorBody(body));
    const choices = asArray(body["choices"]);
    const choice = choices && firstChoice(choices);
    if (!this.#started) this.#start(body, choice !== undefined);
    if (body["usage"] !== undefined && body["usage"] !== null) this.#addUsage(body["usage"]);
    else if (body["x_groq"] !== undefined) this.#addUsage(asObject(body["x_groq"])?.["usage"]);
    if (body["citations"] !== undefined || body["search_results"] !== undefined) this.#sources = body;
    if (choice) this.#choice(choice, text);
    return this.#writer.take();
  }

  /** The answer is complete. */
  finish(): readonly ChatEvent[] {
    if (this.#failed) return [];
    this.#closeText();
    this.#closeReasoning();
    this.#calls.end();
    this.#audio.end(this.#writer);
    if (this.#usage && this.#usage !== this.#usageTold) this.#tellUsage(this.#usage);
    const finish = decodeFinish(this.#word, { calls: this.#calls.count > 0, refusal: this.#refused });
    this.#writer.push({ type: "finish", finish: { ...finish, ...(this.#logprobs.length > 0 && { logprobs: this.#logprobs }) } });
    return this.#writer.take();
  }

  /** Ends the answer as a failure. */
  fail(error: GatewayError): readonly ChatEvent[] {
    this.#fail(error);
    return this.#writer.take();
  }

  #fail(error: GatewayError): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#writer.push({ type: "error", error });
  }

  /** Azure's first chunk says nothing of the answer yet (recordings, oddity 22). */
  #start(body: JsonObject, hasChoice: boolean): void {
    const id = asString(body["id"]) ?? "";
    const model = asString(body["model"]) ?? "";
    if (!hasChoice && id === "") return;
    this.#started = true;
    this.#responseId = id;
    this.#writer.push({ type: "start", ...(id !== "" && { id }), ...(model !== "" && { model }) });
  }

  #choice(choice: JsonObject, text: string | undefined): void {
    const message = asObject(choice["delta"]) ?? asObject(choice["message"]);
    if (message) this.#message(message, text);
    if (choice["logprobs"] !== undefined && choice["logprobs"] !== null && this.#context.request?.logprobs) {
      this.#logprobs.push(...decodeLogprobs(asObject(choice["logprobs"])?.["content"]));
    }
    const word = choice["finish_reason"];
    if (typeof word !== "string" || word === "") return;
    this.#word = word;
    if (isFailure(word)) this.#fail(new GatewayError("upstream", `The upstream ended its answer with the reason ${word}.`));
  }

  #message(message: JsonObject, text: string | undefined): void {
    this.#reasoning(message);
    const { content } = message;
    if (typeof content === "string") {
      if (content !== "") this.#append("text", content);
    } else if (content !== undefined && content !== null) this.#content(content);
    this.#refusal(message["refusal"]);
    if (message["annotations"] !== undefined) this.#annotations(message["annotations"]);
    const calls = asArray(message["tool_calls"]);
    if (calls) this.#toolCalls(calls, text);
    const legacy = asObject(message["function_call"]);
    if (legacy) this.#calls.readLegacy(legacy, this.#responseId);
    const images = asArray(message["images"]);
    if (images) this.#images(images);
    const audio = asObject(message["audio"]);
    if (audio) this.#audio.add(audio);
  }

  /** Text in whichever field; the same text often stands in two of them (rule 312). */
  #reasoning(message: JsonObject): void {
    const field = REASONING_FIELDS.find((name) => typeof message[name] === "string" && message[name] !== "");
    if (field !== undefined) this.#reasoningField = field;
    const details = asArray(message["reasoning_details"]);
    const said = field === undefined ? details?.map(detailText).join("") : (message[field] as string);
    if (said !== undefined && said !== "") this.#append("reasoning", said);
    if (details) for (const piece of details) this.#details.add(asObject(piece) ?? {});
  }

  #refusal(text: JsonValue | undefined): void {
    if (typeof text !== "string" || text === "") return;
    this.#refused = true;
    this.#append("refusal", text);
  }

  /** Parts instead of a string (recordings, oddity 21); what has no form here is kept whole. */
  #content(content: JsonValue): void {
    for (const value of Array.isArray(content) ? (content as readonly JsonValue[]) : [content]) {
      const part = asObject(value);
      const text = part?.["text"];
      if (typeof text === "string") {
        if (text !== "") this.#append("text", text);
      } else if (part?.["type"] === "thinking") {
        const { thinking } = part;
        const said = typeof thinking === "string" ? thinking : (asArray(thinking) ?? []).map(detailText).join("");
        if (said !== "") this.#append("reasoning", said);
      } else if (part?.["type"] === "refusal") this.#refusal(part["refusal"]);
      else if (part?.["type"] === "image_url") this.#images([part]);
      else if (part) {
        this.#closeAll();
        this.#writer.whole({
          type: "opaque",
          name: asString(part["type"]) ?? "content",
          native: { protocol: "openai-chat", fields: part },
        });
      }
    }
  }

  #toolCalls(calls: readonly JsonValue[], text: string | undefined): void {
    if (calls.length === 0) return;
    this.#closeAll();
    for (const call of exactCalls(calls, text)) this.#calls.read(asObject(call) ?? {}, this.#responseId);
  }

  #annotations(annotations: JsonValue | undefined): void {
    for (const annotation of asArray(annotations) ?? []) {
      const citation = urlCitation(annotation);
      if (citation && this.#writer.open === "text") this.#writer.cite(citation);
      else if (citation) this.#citations.push(citation);
    }
  }

  #images(images: readonly JsonValue[]): void {
    const media = decodeImages(images);
    if (media.length > 0) this.#closeAll();
    for (const image of media) this.#writer.whole(image);
  }

  #append(type: Streamed, text: string): void {
    if (this.#writer.open !== type) {
      this.#closeAll();
      this.#begin(type);
    }
    this.#writer.delta(text);
  }

  #begin(type: Streamed): void {
    // What was asked for as JSON may have been asked for in words only (rule 219).
    const fence = type === "text" && this.#context.request?.outputFormat ? new JsonFence() : undefined;
    this.#writer.begin(type, fence);
    if (type !== "text") return;
    for (const citation of this.#citations.splice(0)) this.#writer.cite(citation);
  }

  #closeAll(): void {
    if (this.#writer.open === "reasoning") this.#closeReasoning();
    else this.#writer.close();
  }

  /** At the end: pages that the server searched stand beside every chunk, and belong to the whole text. */
  #closeText(): void {
    if (this.#writer.open !== "text") return;
    if (this.#sources) for (const citation of sourcesOf(this.#sources)) this.#writer.cite(citation);
    this.#writer.close();
  }

  /** Proof may come without words, and behind other content. */
  #closeReasoning(): void {
    const open = this.#writer.open === "reasoning";
    if (!open) this.#writer.close();
    if (!open && !this.#details.opaque) return;
    if (!open) this.#writer.begin("reasoning");
    const { issuer } = this.#context;
    const details = this.#details.take();
    this.#writer.close(details.length > 0 ? detailsState(issuer, details) : plainState(issuer, this.#reasoningField));
  }

  /** Told at once, because clients want to know early, and again when it has changed (rule 305). */
  #addUsage(value: JsonValue | undefined): void {
    const raw = asObject(value);
    if (!raw) return;
    this.#usage = raw;
    if (!this.#usageTold && this.#started) this.#tellUsage(raw);
  }

  #tellUsage(raw: JsonObject): void {
    const usage = decodeUsage(raw);
    if (!usage) return;
    this.#usageTold = raw;
    this.#writer.push({ type: "usage", usage });
  }
}
