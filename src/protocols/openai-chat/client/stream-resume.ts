/** Goes on with a Chat stream whose beginning was relayed: under its own name, id and time, its calls counted on. */
import { asArray, asNumber, asObject, asString, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import type { Frame } from "../../../wire/frames.ts";
import { SseReader } from "../../../wire/sse.ts";
import type { AnswerContext, RelayedStream, StreamEncoder } from "../../protocol.ts";
import { ChatStreamEncoder } from "./stream-encode.ts";

/** `undefined` where the message that the client has is not the one that would have been written here. */
export function resumeStream({ frames, events }: RelayedStream, context: AnswerContext): StreamEncoder | undefined {
  // What some servers send first belongs to no answer.
  const chunk = frames.map(({ data }) => asObject(tryParseJson(data))).findLast((one) => (asArray(one?.["choices"])?.length ?? 0) > 0);
  const [id, model, createdAt] = [asString(chunk?.["id"]), asString(chunk?.["model"]), asNumber(chunk?.["created"])];
  if (id === undefined || model === undefined || createdAt === undefined) return undefined;
  const encoder = new ChatStreamEncoder({ ...context, resumed: { id }, model, createdAt });
  const written = events.map((event) => encoder.push(event)).join("");
  return outline(new SseReader().push(Buffer.from(written))) === outline(frames) ? encoder : undefined;
}

/** What a client makes of a stream, but for what only its own upstream can compare: ids of calls and usage. */
function outline(frames: readonly Frame[]): string {
  const fields = new Map<string, string>();
  const add = (field: string, text: string): void => {
    if (text !== "") fields.set(field, (fields.get(field) ?? "") + text);
  };
  let begun = false;
  for (const { data } of frames) {
    for (const choice of asArray(asObject(tryParseJson(data))?.["choices"]) ?? []) {
      const delta = asObject(asObject(choice)?.["delta"]) ?? {};
      begun ||= delta["role"] !== undefined;
      outlineDelta(delta, add);
    }
  }
  const thought = fields.get("reasoning");
  // A thought that is over may stand in another field than would have been chosen here.
  if (thought !== undefined && fields.size > 1 && !fields.has("reasoning_content")) {
    fields.delete("reasoning");
    fields.set("reasoning_content", thought);
  }
  return JSON.stringify([begun, [...fields].sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function outlineDelta(delta: JsonObject, add: (field: string, text: string) => void): void {
  // Proof of a thought comes apart from it, and repeats it.
  const { role: _role, tool_calls: calls, reasoning_details: _details, ...rest } = delta;
  for (const [field, value] of Object.entries(rest)) {
    if (typeof value === "string") add(field, value);
    else if (value !== null) add(field, JSON.stringify(value));
  }
  for (const one of asArray(calls) ?? []) {
    const call = asObject(one) ?? {};
    const called = asObject(call["function"]) ?? asObject(call["custom"]) ?? {};
    const place = `call ${asNumber(call["index"])}`;
    add(place, asString(called["name"]) ?? "");
    add(`${place} input`, asString(called["arguments"]) ?? asString(called["input"]) ?? "");
  }
}
