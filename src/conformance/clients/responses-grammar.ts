/** The grammar of a Responses stream (dossier A.3.3). */
import { isDeepStrictEqual } from "node:util";
import { jsonOf, wireEvents, type WireEvent } from "./sse.ts";

type Fields = Readonly<Record<string, unknown>>;

/** How a response ends, well or not. */
const ENDS = ["response.completed", "response.incomplete", "response.failed"];
/** Which member of the event that ends a text, or an input, holds all of it. */
const WHOLE: Readonly<Record<string, string>> = {
  output_text: "text",
  reasoning_text: "text",
  reasoning_summary_text: "text",
  refusal: "refusal",
  function_call_arguments: "arguments",
  mcp_call_arguments: "arguments",
  custom_tool_call_input: "input",
  code_interpreter_call_code: "code",
};
/** The parts that an item's texts stand in, and the events that open and close them. */
const PARTS: Readonly<Record<string, string>> = {
  output_text: "content_part",
  refusal: "content_part",
  reasoning_text: "content_part",
  reasoning_summary_text: "reasoning_summary_part",
};

/** What is wrong with a stream that should have ended well, in words. */
export function responsesGrammar(text: string): string[] {
  const all = wireEvents(text).filter(({ comment }) => !comment);
  const wrong = all.flatMap(envelopeFaults);
  const events = all.map((event) => jsonOf(event) ?? {}).filter(({ type }) => type !== "keepalive");
  return [...wrong, ...orderFaults(events), ...new Items().read(events)];
}

function envelopeFaults(event: WireEvent): string[] {
  const data = jsonOf(event);
  if (data === undefined) return [`an event is not JSON: ${event.data.slice(0, 60)}`];
  return data["type"] === event.name ? [] : [`event ${event.name} holds ${String(data["type"])}`];
}

/** Numbers, the beginning and the end. */
function orderFaults(events: readonly Fields[]): string[] {
  const wrong: string[] = [];
  const numbers = events.map((event) => event["sequence_number"]);
  if (!numbers.every((number, index) => number === index)) wrong.push(`sequence numbers are ${numbers.join(", ")}`);
  const types = events.map(({ type }) => String(type));
  if (types[0] !== "response.created") wrong.push(`begins with ${types[0] ?? "nothing"}`);
  if (types[1] !== "response.in_progress") wrong.push(`goes on with ${types[1] ?? "nothing"}`);
  const ends = types.filter((type) => ENDS.includes(type));
  if (ends.length !== 1 || ends[0] !== types.at(-1)) wrong.push(`ends are ${ends.join(", ") || "none"}, the last event is ${types.at(-1)}`);
  const ids = new Set(events.flatMap(({ response }) => (response === undefined ? [] : [(response as Fields)["id"]])));
  if (ids.size !== 1) wrong.push(`ids of the response are ${[...ids].join(", ")}`);
  return wrong;
}

/** Where an event belongs. */
interface Places {
  readonly output_index?: number;
  readonly item_id?: string;
  readonly content_index?: number;
  readonly summary_index?: number;
}

/** An item of the output while it is told. */
interface Open {
  readonly id: unknown;
  readonly type: unknown;
  /** Texts that go on, by kind and place in the item. */
  readonly texts: Map<string, string>;
  /** Texts that have ended. */
  readonly said: Map<string, string>;
  readonly parts: Set<string>;
  done?: Fields;
}

/** Follows the items, and says what is wrong with how they are told. */
class Items {
  readonly #items: Open[] = [];
  readonly #wrong: string[] = [];

  read(events: readonly Fields[]): readonly string[] {
    for (const event of events) this.#event(String(event["type"]).replace(/^response\./, ""), event);
    for (const [index, { parts, texts, done }] of this.#items.entries()) {
      if (done === undefined) this.#wrong.push(`item ${index} is never done`);
      for (const open of [...parts, ...texts.keys()]) this.#wrong.push(`${open} of item ${index} is never done`);
    }
    const output = (events.at(-1)?.["response"] as Fields | undefined)?.["output"];
    const done = this.#items.map((item) => item.done);
    if (!isDeepStrictEqual(output, done)) this.#wrong.push("the last event's output is not the items that were done");
    return this.#wrong;
  }

  #event(type: string, event: Fields): void {
    const { output_index: index, item_id: id, content_index: part, summary_index: summary } = event as Places;
    if (index === undefined) return;
    if (type === "output_item.added") return this.#added(index, event["item"] as Fields);
    const item = this.#items[index];
    if (item === undefined || item.done !== undefined) {
      this.#wrong.push(`${type} outside item ${index}`);
      return;
    }
    if (type === "output_item.done") return this.#done(item, event["item"] as Fields);
    if (id !== item.id) this.#wrong.push(`${type} of ${id} in ${String(item.id)}`);
    const [kind = "", step = ""] = type.split(".");
    const place = String(part ?? summary ?? 0);
    if (Object.values(PARTS).includes(kind)) this.#part(item, kind, step, place, event);
    else if (WHOLE[kind] !== undefined) this.#text(item, kind, step, place, event);
  }

  #added(index: number, item: Fields): void {
    if (index !== this.#items.length) this.#wrong.push(`item ${index} is added as number ${this.#items.length}`);
    if (this.#items.some(({ id }) => id === item["id"])) this.#wrong.push(`two items are ${String(item["id"])}`);
    this.#items.push({ id: item["id"], type: item["type"], texts: new Map(), said: new Map(), parts: new Set() });
  }

  #done(open: Open, item: Fields): void {
    if (item["id"] !== open.id || item["type"] !== open.type) this.#wrong.push(`item ${String(open.id)} is done as ${String(item["id"])}`);
    for (const [place, text] of textsIn(item))
      if (text !== "" && text !== open.said.get(place)) this.#wrong.push(`${place} of item ${String(open.id)} is not what was told`);
    open.done = item;
  }

  #part(item: Open, kind: string, step: string, place: string, event: Fields): void {
    const part = `${kind} ${place}`;
    if (step === "added" && !item.parts.has(part)) item.parts.add(part);
    else if (step !== "done" || !item.parts.delete(part)) this.#wrong.push(`${part}.${step} out of order`);
    const open = [...item.texts.keys()].filter((text) => text.endsWith(` ${place}`) && PARTS[text.split(" ")[0] ?? ""] === kind);
    if (step === "done" && open.length > 0) this.#wrong.push(`${part} is done before its text`);
    const { type, text, refusal } = event["part"] as Fields;
    if (step === "added" && (text || refusal)) this.#wrong.push(`a part of type ${String(type)} is added with text`);
  }

  #text(item: Open, kind: string, step: string, place: string, event: Fields): void {
    const part = PARTS[kind];
    if (part !== undefined && !item.parts.has(`${part} ${place}`)) this.#wrong.push(`${kind}.${step} outside its part`);
    const key = `${kind} ${place}`;
    if (step === "delta") item.texts.set(key, (item.texts.get(key) ?? "") + String(event["delta"]));
    if (step !== "done") return;
    const whole = event[WHOLE[kind] ?? ""];
    if (whole !== (item.texts.get(key) ?? "")) this.#wrong.push(`${kind}.done is not what its deltas are`);
    item.texts.delete(key);
    item.said.set(key, String(whole));
  }
}

/** What a whole item says, by kind and place. */
function textsIn({ type, content, summary, arguments: called, input }: Fields): [string, unknown][] {
  const parts = ((content as Fields[] | null | undefined) ?? []).map((part, index): [string, unknown] => [
    `${String(part["type"])} ${index}`,
    part["text"] ?? part["refusal"],
  ]);
  const summaries = ((summary as Fields[] | undefined) ?? []).map((part, index): [string, unknown] => [
    `reasoning_summary_text ${index}`,
    part["text"],
  ]);
  const inputs: [string, unknown][] =
    type === "function_call"
      ? [["function_call_arguments 0", called]]
      : type === "custom_tool_call"
        ? [["custom_tool_call_input 0", input]]
        : [];
  return [...parts, ...summaries, ...inputs];
}

/** Comments, and events that say nothing. */
export function responsesHeartbeats(text: string): number {
  return wireEvents(text).filter((event) => event.comment || event.name === "keepalive").length;
}
