/** Reads what was relayed to a client, so that another attempt can go on with it. Nothing is read of answers that end well. */
import type { Issuer } from "../chat/state.ts";
import type { AnswerContext, ClientSide, UpstreamSide } from "../protocols/protocol.ts";
import { JsonArrayReader } from "../wire/json-array.ts";
import { SseReader } from "../wire/sse.ts";
import { ClientStream } from "./client-stream.ts";
import { Said } from "./said.ts";
import type { StateKeeper } from "./state-keeper.ts";

/** Who wrote the stream, and who reads it. */
interface RelayedAnswer {
  readonly client: ClientSide;
  readonly upstream: UpstreamSide;
  readonly answer: AnswerContext;
  readonly issuer: Issuer;
  /** Keeps what the client will not send back. */
  readonly keeper?: StateKeeper;
}

/** The client's stream, caught up with these whole events; `undefined` where what follows could not be made to fit. */
export function resumeRelayed(passed: Buffer, { client, upstream, answer, issuer, keeper }: RelayedAnswer): ClientStream | undefined {
  const sse = client.streamStyle(answer.route).contentType.startsWith("text/event-stream");
  const frames = (sse ? new SseReader() : new JsonArrayReader()).push(passed);
  const decoder = upstream.streamDecoder({ issuer });
  const events = frames.flatMap((frame) => decoder.push(frame));
  // Its client has been told that it is whole.
  if (decoder.finished) return undefined;
  const encoder = client.resumeStream?.({ frames, events }, answer);
  if (!encoder) return undefined;
  const stream = new ClientStream(encoder, { keeper, said: new Said() });
  for (const event of events) {
    stream.check(event);
    stream.hear(event);
  }
  return stream;
}
