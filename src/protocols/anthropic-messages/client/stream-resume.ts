/** Goes on with a Messages stream whose beginning was relayed: its blocks are counted on, and the open one stays open. */
import { asNumber, asObject, asString, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import type { Frame } from "../../../wire/frames.ts";
import { SseReader } from "../../../wire/sse.ts";
import type { AnswerContext, RelayedStream, StreamEncoder } from "../../protocol.ts";
import { MessagesStreamEncoder } from "./stream-encode.ts";

/** `undefined` where the blocks that the client has are not those that would have been written here. */
export function resumeStream({ frames, events }: RelayedStream, context: AnswerContext): StreamEncoder | undefined {
  const encoder = new MessagesStreamEncoder(context);
  const told = outline(frames);
  let written = events.map((event) => encoder.push(event)).join("");
  if (outline(framesOf(written)) === told) return encoder;
  written += encoder.show();
  return outline(framesOf(written)) === told ? encoder : undefined;
}

function framesOf(text: string): readonly Frame[] {
  return new SseReader().push(Buffer.from(text));
}

/** A block as its client knows it. */
interface Block {
  readonly index: number | undefined;
  readonly type: string | undefined;
  /** Of a call. */
  readonly name: string | undefined;
  text: string;
  citations: number;
  signed: boolean;
  closed: boolean;
}

/** What a client makes of a stream, but for what only its own upstream can compare: ids, signatures and usage. */
function outline(frames: readonly Frame[]): string {
  let messages = 0;
  const blocks: Block[] = [];
  for (const { data } of frames) {
    const event = asObject(tryParseJson(data)) ?? {};
    const block = blocks.find(({ index, closed }) => !closed && index === asNumber(event["index"]));
    if (event["type"] === "message_start") messages += 1;
    else if (event["type"] === "content_block_start") blocks.push(begun(event));
    else if (event["type"] === "content_block_delta" && block) add(block, asObject(event["delta"]) ?? {});
    else if (event["type"] === "content_block_stop" && block) block.closed = true;
  }
  return JSON.stringify([messages, blocks]);
}

function begun(event: JsonObject): Block {
  const block = asObject(event["content_block"]) ?? {};
  return {
    index: asNumber(event["index"]),
    type: asString(block["type"]),
    name: asString(block["name"]),
    text: asString(block["text"]) ?? asString(block["thinking"]) ?? "",
    citations: 0,
    signed: (asString(block["signature"]) ?? "") !== "",
    closed: false,
  };
}

function add(block: Block, delta: JsonObject): void {
  block.text +=
    asString(delta["text"]) ?? asString(delta["thinking"]) ?? asString(delta["partial_json"]) ?? asString(delta["content"]) ?? "";
  if (delta["type"] === "citations_delta") block.citations += 1;
  if (delta["type"] === "signature_delta") block.signed = true;
}
