/**
 * What a request says about state, and the same request without it (A.3.2; rules 396, 433, 434). It is read from the bytes,
 * and what need not change stays as it was written: much of what comes here is relayed.
 */
import { GatewayError } from "../../../chat/error.ts";
import { asString, tryParseJson, type JsonObject, type JsonText, type JsonValue } from "../../../chat/json.ts";
import { scanMembers, spliceSpans, type Edit, type Span } from "../../../wire/json-scan.ts";
import type { ClientRequest, RequestPeek } from "../../protocol.ts";
import { lookalike } from "../../shared/body-peek.ts";
import { arrayField, booleanField, objectAt, objectField, refuse, required } from "../../shared/openai-fields.ts";
import { REFUSALS } from "../../shared/openai-peek.ts";
import type { ItemReference, KeptItem, KnownState, NewId, RelayedState, StatefulRequest } from "../../stateful.ts";
import { INCLUDE_STATE } from "../wire.ts";
import { readInput, type InputElement } from "./stored-input.ts";
import { idField } from "./stored-ids.ts";
import { compactedTo, hasState, inputItem, withoutId } from "./stored-items.ts";

/** The fields that speak of state. */
const STATE_FIELDS = [
  "previous_response_id",
  "conversation",
  "store",
  "background",
  "generate",
  "include",
  "prompt_cache_options",
] as const;

/** Those, and where items are: no upstream may read another field for them (`Store`, say). */
const DECISIVE: ReadonlySet<string> = new Set([...STATE_FIELDS, "input"]);

/** An answer to compare the prompt's cache with, in `prompt_cache_options`. */
const COMPARED = "comparison_response_id";

const QUOTE = 0x22;
const CLOSE_BRACE = 0x7d;

/** @throws GatewayError `invalid-request`, naming the field. */
export function readRequest({ body }: ClientRequest, members: RequestPeek["members"]): StatefulRequest {
  for (const key of members.keys()) {
    const field = lookalike(key, DECISIVE);
    if (field !== undefined) REFUSALS.lookalike(field, key);
  }
  const fields = Object.fromEntries(STATE_FIELDS.map((name) => [name, valueAt(body, members.get(name), name)]));
  if (booleanField(fields, "background", "") === true) {
    const message = "Unsupported parameter: 'background'. No answer is made in the background here; leave it out, and stream.";
    throw new GatewayError("unsupported", message, { field: "background" });
  }
  return new RequestState(body, members, fields);
}

/** An item that the model is to be told. */
interface Said {
  readonly text: JsonText;
  readonly field: string;
  /** Whether it was kept here before, so that an id in it is one that only some upstream knows, or none. */
  readonly kept: boolean;
}

class RequestState implements StatefulRequest {
  readonly store: boolean;
  readonly previous?: string;
  readonly conversation?: string;
  readonly mentioned?: string;
  readonly warmUp: boolean;
  readonly showsState: boolean;
  readonly items: readonly ItemReference[];
  readonly #body: Buffer;
  readonly #members: RequestPeek["members"];
  readonly #input: readonly InputElement[];

  constructor(body: Buffer, members: RequestPeek["members"], fields: JsonObject) {
    this.#body = body;
    this.#members = members;
    this.#input = readInput(body, members.get("input"));
    this.items = this.#input.flatMap(({ id, field, lacks }) => (id === undefined ? [] : [{ id, field, lacks }]));
    this.store = booleanField(fields, "store", "") ?? true;
    this.warmUp = booleanField(fields, "generate", "") === false;
    this.showsState = arrayField(fields, "include", "")?.includes(INCLUDE_STATE) ?? false;
    const previous = idField(fields, "previous_response_id", "");
    const conversation = conversationOf(fields);
    const mentioned = idField(objectField(fields, "prompt_cache_options", "") ?? {}, COMPARED, "prompt_cache_options");
    if (previous !== undefined && conversation !== undefined) {
      const message = "Mutually exclusive parameters: Ensure you are only providing one of: 'previous_response_id' or 'conversation'.";
      refuse("previous_response_id", message, "mutually_exclusive_parameters");
    }
    if (previous !== undefined) this.previous = previous;
    if (conversation !== undefined) this.conversation = conversation;
    if (mentioned !== undefined) this.mentioned = mentioned;
  }

  expanded(known: KnownState): Buffer {
    const refersToNothing = this.previous === undefined && this.conversation === undefined && known.items.size === 0;
    if (refersToNothing) return this.#body;
    const said = [...known.history, ...this.#own(known)].map(({ text }) => text);
    return spliceSpans(this.#body, this.#written(said.slice(compactedTo(said))));
  }

  relayed(known: KnownState | undefined, store: boolean): RelayedState {
    const edits = this.store && !store ? [this.#set("store", "false")] : [];
    if (!known) return { body: edits.length === 0 ? this.#body : spliceSpans(this.#body, edits), dropped: [] };
    const field = this.conversation === undefined ? "previous_response_id" : "conversation";
    const all = [...known.history.map(({ text }) => ({ text, field, kept: true })), ...this.#own(known)];
    const said = all.slice(compactedTo(all.map(({ text }) => text)));
    const sent = said.filter(({ text }) => hasState(text)).map(({ text, kept }) => (kept ? withoutId(text) : text));
    const dropped = said.filter(({ text }) => !hasState(text)).map((item) => item.field);
    return { body: spliceSpans(this.#body, [...edits, ...this.#written(sent), ...this.#unmentioned()]), dropped };
  }

  newItems(known: KnownState, newId: NewId): readonly KeptItem[] {
    return this.#own(known).map(({ text }, i) => inputItem(text, this.#input[i]?.id, newId));
  }

  /** What the request itself says, with what it names by id written out. */
  #own({ items }: KnownState): readonly Said[] {
    const input = this.#members.get("input");
    // A string is what a user says.
    if (input && this.#body[input.start] === QUOTE) {
      return [{ text: `{"role":"user","content":${this.#text(input)}}`, field: "input", kept: false }];
    }
    return this.#input.map(({ span, field, id, lacks }) => {
      const found = id === undefined ? undefined : items.get(id)?.text;
      const fills = found !== undefined && (lacks === "everything" || (lacks === "state" && hasState(found)));
      return { text: fills ? found : this.#text(span), field, kept: found !== undefined };
    });
  }

  /** The edits that make these the whole of the input. */
  #written(items: readonly JsonText[]): Edit[] {
    const references = ["previous_response_id", "conversation"].filter((name) => this.#members.has(name));
    return [this.#set("input", `[${items.join(",")}]`), ...references.map((name) => this.#set(name, "null"))];
  }

  /** The edit that takes out the answer that it compares with. */
  #unmentioned(): Edit[] {
    const options = this.#members.get("prompt_cache_options");
    const compared = options && this.mentioned !== undefined ? scanMembers(this.#body, options).get(COMPARED) : undefined;
    return compared ? [{ ...compared, text: "null" }] : [];
  }

  #set(name: string, value: JsonText): Edit {
    const span = this.#members.get(name);
    if (span) return { ...span, text: value };
    const end = this.#body.lastIndexOf(CLOSE_BRACE);
    return { start: end, end, text: `,${JSON.stringify(name)}:${value}` };
  }

  #text({ start, end }: Span): JsonText {
    return this.#body.toString("utf8", start, end);
  }
}

function valueAt(body: Buffer, span: Span | undefined, name: string): JsonValue | undefined {
  if (!span) return undefined;
  const value = tryParseJson(body.toString("utf8", span.start, span.end));
  return value === undefined ? refuse(name, `We could not parse the '${name}' of your request.`) : value;
}

/** Given by its id, or as an object that has it. */
function conversationOf(fields: JsonObject): string | undefined {
  const given = fields["conversation"];
  if (given === undefined || given === null) return undefined;
  const isId = asString(given) !== undefined;
  return isId ? idField(fields, "conversation", "") : required(idField, objectAt(given, "conversation"), "id", "conversation");
}
