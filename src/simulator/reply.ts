/** An answer before it meets the wire: what would be sent if nothing went wrong. */

/** One event of a stream, or the whole body of an answer that is not one. */
export interface Frame {
  readonly bytes: Buffer;
  /** `start`: nothing of the answer yet. `content`: part of it. `end`: tells how it ended. */
  readonly role: "start" | "content" | "end";
}

/** Status, headers and body. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly frames: readonly Frame[];
  /** A stream is sent frame by frame and chunked; anything else in one piece with its length. */
  readonly stream: boolean;
  /** Milliseconds between frames that the request itself asked for. */
  readonly chunkDelayMs?: number | undefined;
}

/** An answer in one piece. Objects are written as JSON, text and bytes as they are. */
export function wholeReply(status: number, headers: Readonly<Record<string, string>>, body: unknown): Reply {
  return { status, headers, frames: [{ bytes: bodyBytes(body), role: "content" }], stream: false };
}

/** The bytes of a body: text and bytes as they are, nothing for `undefined`, anything else as JSON. */
export function bodyBytes(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

/** All bytes of the body. */
export function replyBody(reply: Reply): Buffer {
  return Buffer.concat(reply.frames.map((frame) => frame.bytes));
}
