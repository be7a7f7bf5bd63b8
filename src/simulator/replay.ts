/** Answers with a recording: its status, its headers, its bytes. */
import { bodyBytes, type Frame, type Reply } from "./reply.ts";
import type { Recording } from "./types.ts";

/** Headers that describe the recorder's connection, not the bytes that are sent now. */
const FRAMING_HEADERS = new Set(["content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive"]);

/**
 * The recorded answer. Streams come event by event unless `cuts`, byte offsets into the body, say where to split;
 * joined, the frames are the recorded bytes exactly. A body that the recording holds as parsed JSON is written compactly.
 */
export function replayOf(recording: Recording, cuts: readonly number[] | undefined): Reply {
  const { status, headers = {}, body, sse } = recording.response;
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !FRAMING_HEADERS.has(name.toLowerCase())));
  const bytes = sse === undefined ? bodyBytes(body) : Buffer.from(sse);
  const pieces =
    cuts !== undefined
      ? cutAt(bytes, cuts)
      : sse === undefined
        ? [bytes]
        : sse.split(/(?<=\r\n\r\n|\n\n|\r\r)/).map((event) => Buffer.from(event));
  const frames = pieces.map((piece): Frame => ({ bytes: piece, role: "content" }));
  return { status, headers: kept, frames, stream: sse !== undefined };
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const offsets = [0, ...[...new Set(cuts)].filter((cut) => cut > 0 && cut < bytes.length).sort((a, b) => a - b), bytes.length];
  return offsets.slice(1).map((end, index) => bytes.subarray(offsets[index], end));
}
