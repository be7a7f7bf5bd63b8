/** `contents` and `systemInstruction` to turns and items (dossier A.4.2, B.10; rules 52, 80, 376, 382, 421, 422). */
import type { Content, Item, ReasoningContent, Turn } from "../../../chat/chat.ts";
import { asString, writeJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { unpackState, type OpaqueState, type StateSealer } from "../../../chat/state.ts";
import { CallPairs } from "./call-pairs.ts";
import { listField, messageAt, messageField, objectField, refuse, stringField } from "../fields.ts";
import { leftover } from "../../shared/leftover.ts";
import { nativeOf } from "../native.ts";
import { decodeHostedPart, decodeMediaPart, opaquePart } from "./parts-decode.ts";
import { openSignature } from "../state.ts";

const ROLES: ReadonlyMap<string | undefined, Turn["role"]> = new Map<string | undefined, Turn["role"]>([
  ["user", "user"],
  ["model", "assistant"],
  ["system", "system"],
  // What results were once called, and what is left out where there is one turn only.
  ["function", "user"],
  ["tool", "user"],
  ["", "user"],
  [undefined, "user"],
]);

/** Where system items say they come from: they stand before every turn. */
const BEFORE_TURNS = -1;

/** @throws GatewayError `invalid-request`, naming the field as Google does. */
export function decodeContents(body: JsonObject, sealer: StateSealer): { turns: Turn[]; items: Item[] } {
  const contents = listField(body, "contents", "") ?? [];
  if (contents.length === 0) refuse("contents", "* GenerateContentRequest.contents: contents is not specified");
  const turns: Turn[] = [];
  const items: Item[] = [];
  const pairs = new CallPairs();
  for (const [i, value] of contents.entries()) {
    const path = `contents[${i}]`;
    const content = messageAt(value, path);
    const role = ROLES.get(stringField(content, "role", path)) ?? refuse(`${path}.role`, "Please use a valid role: user, model.");
    turns.push({ role, ...nativeOf(leftover(content, ["role", "parts"])) });
    const reader = new PartReader(i, role, pairs, sealer);
    const parts = listField(content, "parts", path) ?? refuse(`${path}.parts`, emptyParts(path));
    for (const [k, part] of parts.entries()) reader.read(messageAt(part, `${path}.parts[${k}]`), `${path}.parts[${k}]`, k);
    reader.end();
    items.push(...reader.items);
  }
  if (items.length === 0) refuse("contents[0].parts", emptyParts("contents[0]"));
  return { turns, items };
}

function emptyParts(path: string): string {
  return `* GenerateContentRequest.${path}.parts: contents.parts must not be empty.`;
}

/** A `systemInstruction`: a content, a list of parts, one part or a text. @throws GatewayError as {@link decodeContents}. */
export function decodeSystem(body: JsonObject): Item[] {
  const value = body["systemInstruction"];
  if (value === undefined || value === null || value === "") return [];
  if (typeof value === "string") return [{ type: "text", text: value, turn: BEFORE_TURNS, path: "systemInstruction" }];
  const content = Array.isArray(value) ? { parts: value as JsonValue[] } : messageAt(value, "systemInstruction");
  const parts = content["parts"] === undefined ? [content] : (listField(content, "parts", "systemInstruction") ?? []);
  return parts.flatMap((one, i): Item[] => {
    const path = `systemInstruction.parts[${i}]`;
    const part = typeof one === "string" ? { text: one } : messageAt(one, path);
    const text = stringField(part, "text", path);
    if (text === "" || Object.keys(part).length === 0) return [];
    const item: Content =
      text === undefined
        ? (decodeMediaPart(part, path) ?? opaquePart(part))
        : { type: "text", text, ...nativeOf(leftover(part, ["text"])) };
    return [{ ...item, turn: BEFORE_TURNS, path }];
  });
}

/** Reads the parts of one content. */
class PartReader {
  readonly items: Item[] = [];
  readonly #turn: number;
  readonly #role: Turn["role"];
  readonly #pairs: CallPairs;
  readonly #sealer: StateSealer;
  /** Thoughts whose proof may come with the part that follows them (B.10). */
  #thoughts: { text: string; path: string; native: JsonObject }[] = [];
  #hostedId = "";

  constructor(turn: number, role: Turn["role"], pairs: CallPairs, sealer: StateSealer) {
    this.#turn = turn;
    this.#role = role;
    this.#pairs = pairs;
    this.#sealer = sealer;
  }

  /** @param place the part's number in its content. */
  read(part: JsonObject, path: string, place: number): void {
    const text = stringField(part, "text", path);
    const states = openSignature(stringField(part, "thoughtSignature", path) ?? "", this.#sealer);
    const own = states.findLast((state) => state.kind === "thought-signature");
    if (part["thought"] === true && text !== undefined) return this.#thought(part, text, path, states, own);
    this.#prove(
      states.filter((state) => state !== own),
      path,
    );
    if (text !== undefined) return this.#text(part, text, path, own);
    const call = messageField(part, "functionCall", path);
    const response = messageField(part, "functionResponse", path);
    const state = own && { state: own };
    if (call)
      return this.#add({ ...this.#call(call, `${path}.functionCall`, place), ...state, ...rest(part, call, "functionCall", CALL) }, path);
    if (response) return this.#add(this.#result(response, part, `${path}.functionResponse`, place), path);
    const media = decodeMediaPart(part, path);
    if (media) return this.#add(media, path);
    if (part["executableCode"] || part["toolCall"]) this.#hostedId = `hosted_${this.#turn}_${place}`;
    const hosted = decodeHostedPart(part, this.#hostedId);
    if (hosted) return this.#add(hosted, path);
    const said = leftover(part, ["thoughtSignature"]);
    if (Object.keys(said).length > 0) return this.#add(opaquePart(part), path);
    return own && this.#add({ type: "text", text: "", state: own }, path);
  }

  /** No more parts come. */
  end(): void {
    this.#prove([], "");
  }

  /** A thought; one that carries Gemini's own proof is complete. */
  #thought(part: JsonObject, text: string, path: string, states: readonly OpaqueState[], own: OpaqueState | undefined): void {
    const native = leftover(part, ["text", "thought", "thoughtSignature"]);
    if (own) {
      this.#prove([], path);
      return this.#add({ type: "reasoning", text, state: own, ...nativeOf(native) }, path);
    }
    const last = this.#thoughts.at(-1);
    // Some clients keep each piece that was streamed as a part of its own.
    if (last) last.text += text;
    else this.#thoughts.push({ text, path, native });
    if (states.length > 0) this.#prove(states, path);
  }

  /** Puts the thoughts so far in front of what follows, each proof as one; words go with the only proof there is. */
  #prove(states: readonly OpaqueState[], path: string): void {
    const [thought] = this.#thoughts;
    this.#thoughts = [];
    const worded = states.filter(({ kind }) => kind !== "redacted-thinking");
    const single = worded.length === 1 ? worded[0] : undefined;
    const unproven = thought && !single && thought.text !== "" && states.length === 0;
    if (unproven) this.#add({ type: "reasoning", text: thought.text, ...nativeOf(thought.native) }, thought.path);
    for (const state of states) {
      if (state.kind === "compaction") continue;
      const own = unpackState(state);
      const item: ReasoningContent = {
        type: "reasoning",
        text: own.text || (state === single ? (thought?.text ?? "") : ""),
        state: own.state,
      };
      this.#add(item, thought?.path ?? path);
    }
  }

  #text(part: JsonObject, text: string, path: string, state: OpaqueState | undefined): void {
    const native = leftover(part, ["text", "thoughtSignature", "thought"]);
    const plain = !state && Object.keys(native).length === 0;
    if (plain && text === "") return;
    const last = this.items.at(-1);
    // One text of the model's, which a client kept in the pieces it was streamed in.
    if (plain && this.#role === "assistant" && last?.type === "text" && !last.state && !last.native) {
      this.items[this.items.length - 1] = { ...last, text: last.text + text };
      return;
    }
    this.#add({ type: "text", text, ...(state && { state }), ...nativeOf(native) }, path);
  }

  #call(call: JsonObject, path: string, place: number): Content {
    const name = stringField(call, "name", path) ?? "";
    if (name === "") refuse(`${path}.name`, `* GenerateContentRequest.${path}.name: [REQUIRED_FIELD_MISSING]`);
    const input = writeJson(objectField(call, "args", path) ?? {});
    const id = this.#pairs.call(stringField(call, "id", path), name, input, [this.#turn, place]);
    return { type: "tool-call", kind: "function", id, name, input };
  }

  #result(response: JsonObject, part: JsonObject, path: string, place: number): Content {
    const name = stringField(response, "name", path) ?? "";
    const id = stringField(response, "id", path);
    if (name === "" && (id ?? "") === "") refuse(`${path}.name`, `* GenerateContentRequest.${path}.name: Name cannot be empty.`);
    const callId = this.#pairs.result(id, name, [this.#turn, place]);
    const value = objectField(response, "response", path) ?? {};
    const { text, isError, exact } = responseText(value);
    const media = (listField(response, "parts", path) ?? []).map((one, k): Content => {
      const inner = messageAt(one, `${path}.parts[${k}]`);
      return decodeMediaPart(inner, `${path}.parts[${k}]`) ?? opaquePart(inner);
    });
    const content: Content[] = [...(text === "" ? [] : [{ type: "text" as const, text }]), ...media];
    const kept = exact ? RESPONSE : RESPONSE.filter((key) => key !== "response");
    return { type: "tool-result", callId, content, isError, ...rest(part, response, "functionResponse", kept) };
  }

  #add(content: Content, path: string): void {
    this.items.push({ ...content, turn: this.#turn, path });
  }
}

const CALL = ["id", "name", "args"];
const RESPONSE = ["id", "name", "response", "parts"];

/** What the neutral form leaves of a part with a message in it. */
function rest(part: JsonObject, inner: JsonObject, key: string, known: readonly string[]): ReturnType<typeof nativeOf> {
  const kept = leftover(inner, known);
  return nativeOf({ ...leftover(part, [key, "thoughtSignature"]), ...(Object.keys(kept).length > 0 && { [key]: kept }) });
}

/**
 * What a function answered, as text: Google's own words for it are `output` and `error`, and without them all of it counts
 * (rules 80, 422). `exact`: the text and the mark say all there is.
 */
function responseText(value: JsonObject): { text: string; isError: boolean; exact: boolean } {
  const [key, ...others] = Object.keys(value).filter((name) => value[name] !== undefined);
  if (others.length === 0 && (key === "output" || key === "error")) {
    const said = value[key] as JsonValue;
    const text = asString(said);
    return { text: text ?? writeJson(said), isError: key === "error" && said !== null, exact: text !== undefined && text !== "" };
  }
  const failed = value["error"] !== undefined && value["error"] !== null && value["output"] === undefined;
  return { text: key === undefined ? "" : writeJson(value), isError: failed, exact: key === undefined };
}
