/**
 * The conversation: `instructions` and `input` (A.3.1). What the model said in a row is one turn, and so are results in a
 * row (rules 39, 40); each message of anyone else is a turn of its own, so that what comes later changes none before it.
 */
import type { Content, Effort, Item, Tool, Turn } from "../../../chat/chat.ts";
import { asObject, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import type { StateSealer } from "../../../chat/state.ts";
import { CarriedState } from "../../shared/carried-state.ts";
import { EFFORTS } from "../../shared/effort.ts";
import { arrayField, objectAt, refuse, refuseMissing, refuseType, stringField } from "../../shared/openai-fields.ts";
import { ItemContext, type DecodedItem, type Speaker } from "./item-context.ts";
import { decodeItem } from "./items-decode.ts";

/** What was said, and the tools that there are for it. */
export interface DecodedInput {
  readonly system: readonly Item[];
  readonly turns: readonly Turn[];
  readonly items: readonly Item[];
  readonly tools: readonly Tool[];
  /** Whether a summary in place of it is asked for. */
  readonly compaction?: true;
}

/** Where `instructions` say they come from: they stand before every turn. */
const BEFORE_TURNS = -1;

/** @throws GatewayError `invalid-request`, naming the field. */
export function decodeInput(body: JsonObject, sealer: StateSealer): DecodedInput {
  const reader = new InputReader(sealer);
  reader.readTools(arrayField(body, "tools", "") ?? []);
  const instructions = stringField(body, "instructions", "") ?? "";
  if (instructions !== "") reader.system.push({ type: "text", text: instructions, turn: BEFORE_TURNS, path: "instructions" });
  reader.readInput(body["input"]);
  if (reader.system.length === 0 && reader.items.length === 0) refuse("input", "Invalid 'input': there is nothing in it.", "invalid_value");
  return reader.decoded();
}

/** As the last item it asks for an answer that is a summary (rule 399). */
const COMPACTION_TRIGGER = "compaction_trigger";

class InputReader {
  readonly system: Item[] = [];
  readonly items: Item[] = [];
  readonly #turns: Turn[] = [];
  readonly #context: ItemContext;
  #speaker: Speaker | undefined;
  /** Whether none but the operator has spoken yet. */
  #leading = true;
  #asksForSummary = false;

  constructor(sealer: StateSealer) {
    this.#context = new ItemContext(sealer);
  }

  readTools(tools: readonly JsonValue[]): void {
    this.#context.tools.read(tools, "tools", false);
  }

  decoded(): DecodedInput {
    return {
      system: this.system,
      turns: this.#turns,
      items: this.items,
      tools: this.#context.tools.tools,
      ...(this.#asksForSummary && { compaction: true }),
    };
  }

  /** A string is what the user says (rule 38). */
  readInput(input: JsonValue | undefined): void {
    if (input === undefined || input === null) return refuseMissing("input");
    if (typeof input === "string") {
      const placed = input === "" ? [] : [{ content: { type: "text", text: input } as Content, path: "input" }];
      return this.#add({ speaker: "user", placed }, {});
    }
    if (!Array.isArray(input)) return refuseType("input", "one of a string or array of items", input);
    for (const [i, value] of (input as readonly JsonValue[]).entries()) {
      const path = `input[${i}]`;
      const item = objectAt(value, path);
      this.#asksForSummary = item["type"] === COMPACTION_TRIGGER && i === input.length - 1;
      if (this.#asksForSummary) return;
      this.#add(decodeItem(item, path, this.#context), item);
    }
  }

  #add({ speaker, placed }: DecodedItem, item: JsonObject): void {
    this.#leading &&= speaker === "system";
    // State is carried to what the model says in the same turn only.
    if (speaker !== "assistant") this.#context.carried = new CarriedState();
    if (speaker !== this.#speaker || !JOINED.has(speaker)) this.#turns.push({ role: ROLES[speaker], ...effortOf(item) });
    this.#speaker = speaker;
    const turn = this.#turns.length - 1;
    for (const { content, path } of placed) (this.#leading ? this.system : this.items).push({ ...content, turn, path });
  }
}

/** Whose items are one turn when they follow each other. */
const JOINED: ReadonlySet<Speaker> = new Set<Speaker>(["assistant", "result"]);

const ROLES: Readonly<Record<Speaker, Turn["role"]>> = { assistant: "assistant", result: "user", user: "user", system: "system" };

/** From here on, with another effort (A.3.2). */
function effortOf({ type, reasoning }: JsonObject): { effort?: Effort } {
  const effort = type === "configuration_update" ? EFFORTS.find((known) => known === asObject(reasoning)?.["effort"]) : undefined;
  return effort ? { effort } : {};
}
