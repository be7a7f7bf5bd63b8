/** HTTP/1.1 over a bare socket: sees what a client library hides, such as the sizes of chunks and how the connection ended. */
import { connect, type Socket } from "node:net";

/** One response as it arrived. */
export interface RawResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** The bodies of the HTTP chunks, or one piece when it was not chunked. */
  readonly chunks: readonly Buffer[];
  readonly body: Buffer;
  /** Whether all of it arrived: the last chunk, or as many bytes as were announced. */
  readonly complete: boolean;
}

/** A connection to 127.0.0.1. */
export class RawConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #end: "open" | "closed" | "reset" = "open";
  #changed: () => void = () => undefined;

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("data", (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#changed();
    });
    this.#socket.on("error", (error: NodeJS.ErrnoException) => this.#finish(error.code === "ECONNRESET" ? "reset" : "closed"));
    this.#socket.on("end", () => this.#finish("closed"));
    this.#socket.on("close", () => this.#finish("closed"));
  }

  /** Sends a request; the body's length is added. */
  send(method: string, path: string, headers: Readonly<Record<string, string>>, body = ""): void {
    const lines = Object.entries({ host: "127.0.0.1", ...headers, "content-length": String(Buffer.byteLength(body)) });
    this.#socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`);
  }

  /** All bytes so far. */
  get received(): Buffer {
    return this.#received;
  }

  /** How the other side ended the connection, if it has. */
  get end(): "open" | "closed" | "reset" {
    return this.#end;
  }

  /** Resolves once the condition holds; it is asked again whenever something arrives or the connection ends. */
  async until(condition: (connection: this) => boolean): Promise<void> {
    while (!condition(this)) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** The response, when it is complete or the connection has ended. Takes it off `received`. */
  async response(): Promise<RawResponse> {
    await this.until(({ received, end }) => end !== "open" || (parse(received)?.response.complete ?? false));
    const parsed = parse(this.#received);
    if (parsed === undefined) throw new Error(`no response head: ${JSON.stringify(this.#received.toString("latin1"))}`);
    this.#received = this.#received.subarray(parsed.length);
    return parsed.response;
  }

  /** Leaves. */
  close(): void {
    this.#socket.destroy();
  }

  #finish(end: "closed" | "reset"): void {
    if (this.#end === "open") this.#end = end;
    this.#changed();
  }
}

function parse(bytes: Buffer): { readonly response: RawResponse; readonly length: number } | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [statusLine = "", ...lines] = bytes.subarray(0, headEnd).toString("latin1").split("\r\n");
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
  const start = headEnd + 4;
  const { chunks, end, complete } = headers.get("transfer-encoding") === "chunked" ? dechunk(bytes, start) : sized(bytes, start, headers);
  return { response: { status: Number(statusLine.split(" ")[1]), headers, chunks, body: Buffer.concat(chunks), complete }, length: end };
}

interface Body {
  readonly chunks: Buffer[];
  readonly end: number;
  readonly complete: boolean;
}

function sized(bytes: Buffer, start: number, headers: ReadonlyMap<string, string>): Body {
  const end = start + Number(headers.get("content-length") ?? 0);
  return { chunks: [bytes.subarray(start, end)], end: Math.min(end, bytes.length), complete: bytes.length >= end };
}

function dechunk(bytes: Buffer, start: number): Body {
  const chunks: Buffer[] = [];
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return { chunks, end: bytes.length, complete: false };
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16);
    if (size === 0) return { chunks, end: Math.min(lineEnd + 4, bytes.length), complete: bytes.length >= lineEnd + 4 };
    if (bytes.length < lineEnd + 2 + size) return { chunks, end: bytes.length, complete: false };
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
