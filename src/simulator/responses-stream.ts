/** An answer in OpenAI's words: the events of a stream (dossier A.3.3). */
import type { Plan } from "./conversation.ts";
import { idFrom } from "./identity.ts";
import { inTurns } from "./in-turns.ts";
import { fieldsOf, textOf, type Fields } from "./json-values.ts";
import { isOpenAi } from "./openai-models.ts";
import type { Frame, Reply } from "./reply.ts";
import { responseOf, type ResponseContext } from "./responses-answer.ts";
import { itemId, type ItemEvent, type OutputItem } from "./responses-events.ts";
import type { Quirk } from "./types.ts";

/** The response as a stream of events; calls that are interleaved are all open at once. */
export function streamedResponse(plan: Plan, items: readonly OutputItem[], final: Fields, context: ResponseContext): Reply {
  const background = context.body["background"] === true;
  const begun = responseOf(context, { status: background ? "queued" : "in_progress" });
  const events: ItemEvent[] = [
    lifecycle("created", begun),
    ...(background ? [lifecycle("queued", begun)] : []),
    lifecycle("in_progress", responseOf(context, { status: "in_progress" })),
    ...itemEvents(plan, items, context.quirks),
    lifecycle(
      final["status"] === "completed" ? "completed" : "incomplete",
      context.quirks.has("empty-output") ? { ...final, output: [] } : final,
    ),
  ];
  const frames = events.map((event, index) => frameOf(event, index, context));
  const headers = { ...context.headers, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
  return { status: 200, headers, frames, stream: true, chunkDelayMs: plan.chunkDelayMs };
}

/** An event on the wire. */
export function eventBytes(type: string, fields: Fields, sequence: number | undefined): Buffer {
  const numbered = sequence === undefined ? {} : { sequence_number: sequence };
  return Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields, ...numbered })}\n\n`);
}

function lifecycle(name: string, response: Fields): ItemEvent {
  const ends = name === "completed" || name === "incomplete";
  return { type: `response.${name}`, role: ends ? "end" : "start", fields: { response } };
}

function itemEvents(plan: Plan, items: readonly OutputItem[], quirks: ReadonlySet<Quirk>): readonly ItemEvent[] {
  const lists = items.map(({ item, opening, events }, index): readonly ItemEvent[] => [
    { type: "response.output_item.added", role: "start", fields: { item: opening, output_index: index } },
    ...events
      .filter(({ type }) => !(quirks.has("no-deltas") && type.endsWith(".delta")))
      .map((event) => ({ ...event, fields: { ...event.fields, item_id: item["id"], output_index: index } })),
    // Reasoning that nobody sees is nothing to read yet.
    {
      type: "response.output_item.done",
      role: item["type"] === "reasoning" && events.length === 0 ? "start" : "content",
      fields: { item, output_index: index },
    },
  ]);
  if (!plan.interleave) return lists.flat();
  const isCall = items.map(({ item }) => item["type"] === "function_call" || item["type"] === "custom_tool_call");
  const calls = inTurns(lists.filter((_, index) => isCall[index]));
  return lists.flatMap((list, index) => (index === isCall.indexOf(true) ? calls : isCall[index] ? [] : list));
}

function frameOf({ type, role, fields }: ItemEvent, index: number, context: ResponseContext): Frame {
  const padded = obfuscates(context) && type.endsWith(".delta") ? { ...fields, obfuscation: padding(index, context) } : fields;
  const turned = context.quirks.has("rotating-ids") ? rotated(padded, index) : padded;
  return { role, bytes: eventBytes(type, turned, context.quirks.has("no-sequence-numbers") ? undefined : index) };
}

function obfuscates({ body, model }: ResponseContext): boolean {
  return isOpenAi(model) && fieldsOf(body["stream_options"])["include_obfuscation"] !== false;
}

/** A few random letters, so that an event's length says little about its text. */
function padding(index: number, { seed }: ResponseContext): string {
  return idFrom("", `padding ${index} ${seed}`, 16).slice(0, 1 + (index % 16));
}

/** The same event under ids that no other event has; those of calls stay. */
function rotated(fields: Fields, index: number): Fields {
  const newId = (id: unknown): string => itemId("", `${index} ${textOf(id)}`);
  const turn = (value: unknown): unknown => ({ ...fieldsOf(value), id: newId(fieldsOf(value)["id"]) });
  return {
    ...fields,
    ...(fields["item_id"] === undefined ? {} : { item_id: newId(fields["item_id"]) }),
    ...(fields["item"] === undefined ? {} : { item: turn(fields["item"]) }),
    ...(fields["response"] === undefined ? {} : { response: turn(fields["response"]) }),
  };
}
