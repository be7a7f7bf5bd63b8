/**
 * Tool calls as servers stream them (rules 58–62, recordings' oddities 18–20): with or without index, id and type, in
 * fragments or whole, names at once, repeated or split. A call starts when its arguments begin, or when another does.
 */
import { createHash } from "node:crypto";
import type { ToolCallContent } from "../../../chat/chat.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { asNumber, asObject, asString, writeJson, type JsonObject, type JsonText, type JsonValue } from "../../../chat/json.ts";
import type { OpaqueState } from "../../../chat/state.ts";
import { FreeTextReader } from "../../shared/free-text.ts";
import { callersName } from "../../shared/legal-names.ts";
import { takesFreeText } from "../../shared/tool-lookup.ts";
import type { DecodeContext } from "../../protocol.ts";
import { NAME_LAW } from "../wire.ts";

/** A call under way. */
interface OpenCall {
  readonly index: number | undefined;
  id: string;
  name: string;
  kind: ToolCallContent["kind"];
  /** The item's index once it has started. */
  item: number | undefined;
  /** Reads the arguments of a free-text tool that was declared as a function (rules 66, 67). */
  wrapped: FreeTextReader | undefined;
  state: OpaqueState | undefined;
  /** Whether the state came in time to stand at the start. */
  stateTold: boolean;
}

/** What a reader writes to. */
export interface CallSink {
  /** The next item's index, taken. */
  nextItem(): number;
  push(event: ChatEvent): void;
}

export class CallReader {
  readonly #sink: CallSink;
  readonly #context: DecodeContext;
  readonly #calls: OpenCall[] = [];
  #responseId = "";

  constructor(sink: CallSink, context: DecodeContext) {
    this.#sink = sink;
    this.#context = context;
  }

  /** Calls so far. */
  get count(): number {
    return this.#calls.length;
  }

  /** @param responseId the answer's own id, for calls that have none. */
  read(call: JsonObject, responseId: string): void {
    this.#responseId = responseId;
    const fn = asObject(call["function"]);
    const custom = asObject(call["custom"]);
    // Some servers send both, one of them hollow.
    const isCustom = custom !== undefined && (call["type"] === "custom" || !fn || (!filled(fn["name"]) && filled(custom["name"])));
    const part = (isCustom ? custom : fn) ?? {};
    this.#continue(
      this.#find(asNumber(call["index"]), asString(call["id"]) ?? "", asString(part["name"]) ?? ""),
      asString(call["id"]) ?? "",
      asString(part["name"]) ?? "",
      isCustom,
      argumentsText(isCustom ? part["input"] : part["arguments"]),
      asString(asObject(asObject(call["extra_content"])?.["google"])?.["thought_signature"]),
    );
  }

  /** The one call of the legacy `function_call` field (rule 41). */
  readLegacy(call: JsonObject, responseId: string): void {
    const name = asString(call["name"]) ?? "";
    const text = argumentsText(call["arguments"]);
    // Some servers send it hollow beside real calls.
    if (name === "" && text === "") return;
    this.#responseId = responseId;
    this.#continue(this.#find(LEGACY_INDEX, "", name), "", name, false, text, undefined);
  }

  /** Ends every call. */
  end(): void {
    for (const call of this.#calls) {
      this.#start(call);
      const { item } = call;
      if (item === undefined) continue;
      this.#write(call, call.wrapped?.end() ?? "");
      const late = call.stateTold ? undefined : call.state;
      this.#sink.push({ type: "item-end", index: item, ...(late && { state: late }) });
    }
  }

  /** The call a piece belongs to: by index, and by id where an index is missing or shared. */
  #find(index: number | undefined, id: string, name: string): OpenCall {
    const found = index === undefined ? this.#findUnnumbered(id, name) : this.#calls.findLast((call) => call.index === index);
    if (found && !(index !== undefined && id !== "" && found.id !== "" && id !== found.id && name !== "")) return found;
    for (const call of this.#calls) this.#start(call);
    const call: OpenCall = {
      index,
      id: "",
      name: "",
      kind: "function",
      item: undefined,
      wrapped: undefined,
      state: undefined,
      stateTold: false,
    };
    this.#calls.push(call);
    return call;
  }

  #findUnnumbered(id: string, name: string): OpenCall | undefined {
    if (id !== "") return this.#calls.find((call) => call.id === id);
    return name === "" ? this.#calls.at(-1) : undefined;
  }

  #continue(call: OpenCall, id: string, name: string, custom: boolean, text: JsonText, signature: string | undefined): void {
    if (call.item === undefined) {
      if (id !== "") call.id = id;
      if (name !== "") call.name = joinedName(call.name, name);
      if (custom) call.kind = "custom";
    }
    if (signature !== undefined && signature !== "") {
      call.state = { issuer: this.#context.issuer, kind: "thought-signature", value: signature };
    }
    if (text === "") return;
    this.#start(call);
    this.#write(call, call.wrapped?.push(text) ?? text);
  }

  #write(call: OpenCall, text: string): void {
    if (text !== "" && call.item !== undefined) this.#sink.push({ type: "delta", index: call.item, text });
  }

  #start(call: OpenCall): void {
    if (call.item !== undefined) return;
    const { request } = this.#context;
    call.item = this.#sink.nextItem();
    const name = callersName(request, call.name, NAME_LAW) ?? call.name;
    const freeText = takesFreeText(request, name);
    if (freeText && call.kind === "function") call.wrapped = new FreeTextReader();
    const item: ToolCallContent = {
      type: "tool-call",
      id: call.id === "" ? this.#mint(call.name, call.item) : call.id,
      kind: freeText ? "custom" : call.kind,
      name,
      input: "",
      ...(call.state && { state: call.state }),
    };
    call.stateTold = call.state !== undefined;
    this.#sink.push({ type: "item-start", index: call.item, item });
  }

  /** The same answer always gives the same id, and another place in the conversation another one (rules 5, 59). */
  #mint(name: string, item: number): string {
    const place = JSON.stringify([this.#responseId, this.#context.request?.items.length ?? 0, item, name]);
    return `call_${createHash("sha256").update(place).digest("hex").slice(0, 24)}`;
  }
}

/** No server counts so far. */
const LEGACY_INDEX = -1;

function filled(value: JsonValue | undefined): boolean {
  return typeof value === "string" && value !== "";
}

/** Arguments are text; a few servers send the object itself. */
function argumentsText(value: JsonValue | undefined): JsonText {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : writeJson(value);
}

/** A name that comes again is the same name, whole or grown; one that goes on is joined (rule 60). */
function joinedName(before: string, name: string): string {
  return name.startsWith(before) ? name : before + name;
}
