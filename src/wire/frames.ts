/** What a stream of bytes is made of, whatever its framing. */

/** One message of a stream. */
export interface Frame {
  /** The SSE `event:` field; empty when there was none. */
  readonly event: string;
  readonly data: string;
}

/** Cuts bytes into frames. Any chunking of the same bytes gives the same frames. */
export interface FrameReader {
  /** The frames completed by these bytes. */
  push(bytes: Uint8Array): readonly Frame[];
  /** The frame that the end of the stream completes, if any (rule 317). */
  end(): readonly Frame[];
}
