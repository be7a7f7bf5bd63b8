/**
 * Watches a relayed stream. Nearly all of it is content that says nothing new once an answer has begun: such frames are
 * searched for the few words that matter, and parsed only when one is there (rule 318).
 */
import type { Usage } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import { asArray, asObject, isObject, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import type { Frame } from "../../../wire/frames.ts";
import { SseReader } from "../../../wire/sse.ts";
import type { RelayTap } from "../../protocol.ts";
import { decodeErrorBody, saysError } from "../../shared/openai-errors.ts";
import { decodeUsage } from "./usage-decode.ts";
import { DONE } from "../wire.ts";

/** Inside a string the quotes would be escaped, so words of the answer never look like this. */
const TELLING = /"(?:usage|error)":\s*[{"]|"finish_reason":\s*"/;

export class ChatRelayTap implements RelayTap {
  begun = false;
  finished = false;
  error: GatewayError | undefined;
  readonly #reader = new SseReader();
  #rawUsage: JsonObject | undefined;

  get usage(): Usage | undefined {
    return this.#rawUsage && decodeUsage(this.#rawUsage);
  }

  push(bytes: Buffer): void {
    for (const frame of this.#reader.push(bytes)) this.#frame(frame);
  }

  end(): void {
    for (const frame of this.#reader.end()) this.#frame(frame);
  }

  #frame({ event, data }: Frame): void {
    if (this.error || (this.begun && event === "" && data !== DONE && !TELLING.test(data))) return;
    if (data === DONE) {
      this.finished = true;
      return;
    }
    const body = tryParseJson(data);
    if (!isObject(body)) return this.#unreadable();
    if (event === "error" || saysError(body)) {
      this.error = decodeErrorBody(body);
      return;
    }
    this.#rawUsage = asObject(body["usage"]) ?? asObject(asObject(body["x_groq"])?.["usage"]) ?? this.#rawUsage;
    for (const value of asArray(body["choices"]) ?? []) this.#choice(asObject(value) ?? {});
  }

  /** Nobody has seen anything yet, so another attempt may do better; later the client gets the bytes and judges. */
  #unreadable(): void {
    if (!this.begun) this.error = new GatewayError("upstream", "The upstream sent a stream event that is not JSON.");
  }

  #choice(choice: JsonObject): void {
    const word = choice["finish_reason"];
    if (typeof word === "string" && word !== "") this.finished = true;
    this.begun ||= this.finished || saysSomething(asObject(choice["delta"]) ?? asObject(choice["message"]) ?? {});
  }
}

/** Whether a delta holds more than its role. */
function saysSomething(delta: JsonObject): boolean {
  return Object.entries(delta).some(
    ([key, value]) => key !== "role" && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0),
  );
}
