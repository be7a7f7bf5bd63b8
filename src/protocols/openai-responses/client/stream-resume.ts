/**
 * Goes on with a Responses stream whose beginning was relayed: under its own ids, its events counted on. Items that are done
 * stay to the end what their client was told.
 */
import { asArray, asNumber, asObject, asString, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import { SseReader } from "../../../wire/sse.ts";
import type { AnswerContext, RelayedStream, StreamEncoder } from "../../protocol.ts";
import { ResponsesStreamEncoder } from "./stream-encode.ts";

/** What every mention of a response tells anew. */
const TOLD_ANEW: ReadonlySet<string> = new Set(["status", "error", "incomplete_details", "output", "usage"]);

/** `undefined` where the items that the client has are not those that would have been written here. */
export function resumeStream({ frames, events }: RelayedStream, context: AnswerContext): StreamEncoder | undefined {
  const told = frames.map(({ data }) => asObject(tryParseJson(data)) ?? {});
  const response = asObject(told.find((event) => event["type"] === "response.created")?.["response"]);
  const id = asString(response?.["id"]);
  const items = itemsOf(told);
  if (!response || id === undefined || !items) return undefined;
  const repeated = Object.fromEntries(Object.entries(response).filter(([field]) => !TOLD_ANEW.has(field)));
  const encoder = new ResponsesStreamEncoder({ ...context, resumed: { id, items, repeated } });
  const wanted = outline(told.filter((event) => items[asNumber(event["output_index"]) ?? -1]?.silent !== true));
  let written = events.map((event) => encoder.push(event)).join("");
  if (outline(eventsOf(written)) !== wanted) {
    written += encoder.settle();
    if (outline(eventsOf(written)) !== wanted) return undefined;
  }
  const last = asNumber(told.at(-1)?.["sequence_number"]);
  encoder.catchUp(
    items.map(({ done }) => done),
    last === undefined ? told.length : last + 1,
  );
  return encoder;
}

function eventsOf(text: string): readonly JsonObject[] {
  return new SseReader().push(Buffer.from(text)).map(({ data }) => asObject(tryParseJson(data)) ?? {});
}

/** An item as its client knows it. */
interface ToldItem {
  readonly id: string;
  done: JsonObject | undefined;
  silent: boolean;
}

/** In their order; `undefined` where one is missing, or has two names. */
function itemsOf(told: readonly JsonObject[]): readonly ToldItem[] | undefined {
  const items: ToldItem[] = [];
  for (const event of told) {
    const index = asNumber(event["output_index"]);
    const item = asObject(event["item"]);
    const id = asString(item?.["id"]) ?? asString(event["item_id"]);
    if (index === undefined || id === undefined) continue;
    if (index === items.length) items.push({ id, done: undefined, silent: false });
    const known = items[index];
    if (known?.id !== id) return undefined;
    if (event["type"] !== "response.output_item.done" || !item) continue;
    known.done = item;
    known.silent = isSilent(item);
  }
  return items;
}

/** Whether nothing of a thought is told, not even its proof. */
function isSilent({ type, summary, content, encrypted_content: state }: JsonObject): boolean {
  return type === "reasoning" && [summary, content].every((parts) => (asArray(parts)?.length ?? 0) === 0) && asString(state) === undefined;
}

/** What a client makes of a stream, but for what only its own upstream can compare: ids, state, numbers and usage. */
function outline(told: readonly JsonObject[]): string {
  const facts = new Map<string, string>();
  for (const event of told) {
    const index = asNumber(event["output_index"]);
    if (index === undefined) continue;
    const place = `${index}.${asNumber(event["content_index"] ?? event["summary_index"]) ?? ""}`;
    const type = asString(event["type"]) ?? "";
    const item = asObject(event["item"]);
    const said = type.endsWith(".delta") ? asString(event["delta"]) : asString(item?.["type"] ?? asObject(event["part"])?.["type"]);
    const key = `${place} ${type} ${asString(item?.["name"]) ?? ""}`;
    facts.set(key, (facts.get(key) ?? "") + (said ?? "."));
  }
  return JSON.stringify([...facts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
