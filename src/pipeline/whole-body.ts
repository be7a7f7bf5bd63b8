/** A whole JSON answer, collected in memory up to a limit. */
import { GatewayError } from "../chat/error.ts";
import { asObject, parseJson, type JsonObject, type JsonValue } from "../chat/json.ts";
import { notJson } from "./unreadable-answer.ts";

/** Larger answers are refused, in bytes. */
const MAX_BYTES = 67_108_864;

export class WholeBody {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Takes more of it; the error says that it is too large. */
  push(chunk: Buffer): GatewayError | undefined {
    this.#size += chunk.length;
    if (this.#size > this.#maxBytes) return new GatewayError("upstream", `The upstream's answer is larger than ${this.#maxBytes} bytes.`);
    this.#chunks.push(chunk);
    return undefined;
  }

  /** All of it, as it came. */
  get bytes(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] as Buffer;
  }

  /**
   * All of it, parsed.
   * @param parse `JSON.parse` does where no number is passed on.
   * @throws GatewayError `upstream` when it is no JSON object.
   */
  object(parse: (text: string) => JsonValue = parseJson): JsonObject {
    const text = this.bytes.toString("utf8");
    const parsed = attempt(parse, text);
    // Gemini may answer a whole request with an array of one (rule 346).
    const object = asObject(Array.isArray(parsed) && parsed.length === 1 ? parsed[0] : parsed);
    if (!object) throw notJson(text);
    return object;
  }
}

function attempt(parse: (text: string) => JsonValue, text: string): JsonValue | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
