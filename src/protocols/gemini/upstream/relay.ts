/** The relay lane: requests that pass as they came, and a tap on their answers. */
import type { Usage } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import { asArray, asObject, isObject, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import type { FrameReader } from "../../../wire/frames.ts";
import { JsonArrayReader } from "../../../wire/json-array.ts";
import { SseReader } from "../../../wire/sse.ts";
import type { Operation, RelayTap, WholeAnswer } from "../../protocol.ts";
import { decodeErrorBody } from "./error.ts";
import { finishWord } from "../finish.ts";
import { withQuery } from "../../shared/relay-request.ts";
import { signatureOn } from "../state.ts";
import { modelPath } from "./request.ts";
import { UsageReader } from "../usage.ts";

/**
 * Path and query of a relayed request; a key in the query never passes (rule 432).
 * @throws GatewayError `model-not-found` for what cannot be a model's name.
 */
export function relayPath(operation: Operation, model: string, stream: boolean, query: URLSearchParams): string {
  return withQuery(pathOf(operation, model, stream), query);
}

function pathOf(operation: Operation, model: string, stream: boolean): string {
  switch (operation) {
    case "generate":
      return `${modelPath(model)}:${stream ? "streamGenerateContent" : "generateContent"}`;
    case "count-tokens":
      return `${modelPath(model)}:countTokens`;
    case "list-models":
      return "/v1beta/models";
    case "get-model":
      return modelPath(model);
  }
}

const RELAYED: ReadonlySet<string> = new Set([
  "accept",
  "accept-language",
  "content-type",
  "user-agent",
  "x-goog-api-client",
  "x-goog-request-params",
  "x-server-timeout",
]);

/** The client's own headers that Google may see: a list, so that no key, cookie or address slips through (rule 432). */
export function relaysRequestHeader(name: string): boolean {
  return RELAYED.has(name);
}

/** What a whole answer says of itself (dossier A.4.4). */
export function inspectWhole(body: JsonObject): WholeAnswer {
  const error = decodeErrorBody(body);
  if (error) return { error };
  if (body["candidates"] === undefined && body["promptFeedback"] === undefined) {
    return { error: new GatewayError("upstream", "The upstream's answer holds no candidates.") };
  }
  const metadata = asObject(body["usageMetadata"]);
  const usage = metadata && new UsageReader().read(metadata);
  return { ...(usage && { usage }), minted: signaturesIn(body) };
}

/** The signatures in an answer, or in a piece of one. Asked of every piece of a stream, and so without lists in between. */
function signaturesIn(body: JsonObject): readonly string[] {
  const found: string[] = [];
  for (const candidate of asArray(body["candidates"]) ?? []) {
    const content = asObject(asObject(candidate)?.["content"]);
    for (const part of asArray(content?.["parts"]) ?? []) {
      const signature = signatureOn(asObject(part));
      if (signature !== undefined) found.push(signature);
    }
  }
  return found;
}

/** The reader of a stream's framing, which shows in its first character; `undefined` while only space has come. */
function readerFor(bytes: Buffer): FrameReader | undefined {
  const first = bytes.find((byte) => byte > 0x20);
  if (first === undefined) return undefined;
  return first === 0x5b || first === 0x7b ? new JsonArrayReader() : new SseReader();
}

/** Reads along with a relayed stream, in either framing. */
export class GeminiRelayTap implements RelayTap {
  begun = false;
  finished = false;
  error: GatewayError | undefined;
  usage: Usage | undefined;
  readonly minted: string[] = [];
  readonly #totals = new UsageReader();
  #reader: FrameReader | undefined;

  push(bytes: Buffer): void {
    this.#reader ??= readerFor(bytes);
    for (const { data } of this.#reader?.push(bytes) ?? []) this.#take(data);
  }

  end(): void {
    for (const { data } of this.#reader?.end() ?? []) this.#take(data);
  }

  #take(data: string): void {
    const parsed = tryParseJson(data);
    const body = asObject(Array.isArray(parsed) ? parsed[0] : parsed);
    if (!isObject(body)) {
      // Nobody has seen anything yet, so another attempt may do better; later the client gets the bytes and judges. Some
      // proxies end every stream with a word of OpenAI's.
      if (!this.begun && data !== "" && data !== "[DONE]")
        this.error = new GatewayError("upstream", "The upstream sent a stream event that is not JSON.");
      return;
    }
    this.error ??= decodeErrorBody(body);
    const candidate = asObject(asArray(body["candidates"])?.[0]);
    const parts = asArray(asObject(candidate?.["content"])?.["parts"]);
    if (parts && parts.length > 0) this.begun = true;
    this.minted.push(...signaturesIn(body));
    if (finishWord(candidate?.["finishReason"]) !== undefined || asObject(body["promptFeedback"])?.["blockReason"] !== undefined)
      this.finished = true;
    const metadata = asObject(body["usageMetadata"]);
    this.usage = (metadata && this.#totals.read(metadata)) ?? this.usage;
  }
}
