/** An upstream's error answer: collected up to a limit, then read by its protocol. */
import { GatewayError } from "../chat/error.ts";
import { asObject, tryParseJson } from "../chat/json.ts";
import type { UpstreamSide } from "../protocols/protocol.ts";
import { headerValue } from "../wire/headers.ts";
import { isPage, pageForError } from "./unreadable-answer.ts";

/** Bodies beyond this many bytes are cut. */
const MAX_BODY_BYTES = 262_144;

export class Refusal {
  readonly #status: number;
  readonly #headers: readonly string[];
  readonly #body: Buffer[] = [];
  #bytes = 0;

  /** @param headers name, value, name, value. */
  constructor(status: number, headers: readonly string[]) {
    this.#status = status;
    this.#headers = headers;
  }

  push(chunk: Buffer): void {
    if (this.#bytes < MAX_BODY_BYTES) this.#body.push(chunk);
    this.#bytes += chunk.length;
  }

  /**
   * What it means, by what has come of it.
   * @param relayed whether the client may be given the answer as it is.
   */
  error(upstream: UpstreamSide, relayed: boolean): GatewayError {
    const [status, headers] = [this.#status, this.#headers];
    // A compressed body cannot be read here, nor passed on without its label.
    const plain = (headerValue(headers, "content-encoding") ?? "identity") === "identity";
    const body = plain ? Buffer.concat(this.#body).subarray(0, MAX_BODY_BYTES) : Buffer.alloc(0);
    const text = body.toString("utf8");
    const error = upstream.decodeError({ status, headers, body: text });
    // A page is not in the words of the client's protocol, whose users would be shown its source.
    if (isPage(text)) return new GatewayError(error.kind, pageForError(status), { ...error.detail, upstreamStatus: status });
    // A redirect would lead the client, prompt and key past the gateway; and no protocol has errors that are not JSON.
    const passable = plain && status >= 400 && relayed && isJson(text);
    return error.with({ upstreamStatus: status, ...(passable && { upstreamAnswer: { status, headers, body } }) });
  }
}

/** Whether it is an object or an array, as every protocol's errors are. */
function isJson(text: string): boolean {
  const json = tryParseJson(text);
  return asObject(json) !== undefined || Array.isArray(json);
}
