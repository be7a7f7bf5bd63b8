/** Goes on with a Gemini stream whose beginning was relayed. Its bodies stand alone, and agree on who answers. */
import { asArray, asObject, asString, tryParseJson } from "../../../chat/json.ts";
import type { Frame } from "../../../wire/frames.ts";
import { JsonArrayReader } from "../../../wire/json-array.ts";
import { SseReader } from "../../../wire/sse.ts";
import type { AnswerContext, RelayedStream, StreamEncoder } from "../../protocol.ts";
import { GeminiStreamEncoder } from "./stream-encode.ts";

/** `undefined` where the parts that the client has are not those that would have been written here. */
export function resumeStream({ frames, events }: RelayedStream, context: AnswerContext): StreamEncoder | undefined {
  const model = asString(asObject(tryParseJson(frames[0]?.data ?? ""))?.["modelVersion"]);
  const encoder = new GeminiStreamEncoder(model === undefined ? context : { ...context, model });
  const written = Buffer.from(events.map((event) => encoder.push(event)).join(""));
  const reader = context.route.framing === "json-array" ? new JsonArrayReader() : new SseReader();
  return outline(reader.push(written)) === outline(frames) ? encoder : undefined;
}

/** What a client makes of a stream, but for what only its own upstream can compare: ids of calls, signatures and usage. */
function outline(frames: readonly Frame[]): string {
  const parts: [kind: string, said: string][] = [];
  for (const { data } of frames) {
    const candidate = asObject(asArray(asObject(tryParseJson(data))?.["candidates"])?.[0]);
    for (const one of asArray(asObject(candidate?.["content"])?.["parts"]) ?? []) {
      const { text, thought, thoughtSignature: _signature, ...rest } = asObject(one) ?? {};
      const last = parts.at(-1);
      const kind = Object.keys(rest)[0] ?? (thought === true ? "thought" : "text");
      if (kind !== "text" && kind !== "thought") parts.push([kind, sayOf(rest[kind])]);
      else if (last?.[0] === kind) last[1] += asString(text) ?? "";
      else if (text !== undefined && text !== "") parts.push([kind, asString(text) ?? ""]);
    }
  }
  return JSON.stringify(parts);
}

/** A part without its id: whoever calls a tool gives the call one, and who leaves that out is given one here. */
function sayOf(part: unknown): string {
  const { id: _id, ...rest } = asObject(part) ?? {};
  return JSON.stringify(rest);
}
