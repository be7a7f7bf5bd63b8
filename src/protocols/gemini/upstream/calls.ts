/** Function calls of an answer: whole ones, and those that come in pieces (rules 5, 63–65; recordings, oddity 43). */
import { createHash } from "node:crypto";
import type { ToolCallContent } from "../../../chat/chat.ts";
import { asArray, asObject, asString, writeJson, type JsonObject, type JsonText } from "../../../chat/json.ts";
import type { OpaqueState } from "../../../chat/state.ts";
import { unwrapFreeText } from "../../shared/call-input.ts";
import { takesFreeText } from "../../shared/tool-lookup.ts";
import type { DecodeContext } from "../../protocol.ts";
import type { EventWriter } from "./event-writer.ts";
import { originalName } from "./names.ts";
import { PartialArguments } from "./partial-args.ts";

interface PartialCall {
  readonly name: string;
  readonly id: string | undefined;
  readonly state: OpaqueState | undefined;
  readonly args: PartialArguments;
}

/** Reads the `functionCall` parts of one answer. */
export class CallReader {
  readonly #writer: EventWriter;
  readonly #context: DecodeContext;
  #partial: PartialCall | undefined;
  /** Names on the wire of the calls that the client has to answer, by id. */
  readonly #waiting = new Map<string, string>();

  constructor(writer: EventWriter, context: DecodeContext) {
    this.#writer = writer;
    this.#context = context;
  }

  /** Whether a call is still coming in pieces. */
  get open(): boolean {
    return this.#partial !== undefined;
  }

  /** Whether calls wait for the client. */
  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * One part's call.
   * @param call with its numbers as they were written.
   * @param responseId tells the answers of a conversation apart.
   * @returns whether it was one.
   */
  read(call: JsonObject, state: OpaqueState | undefined, responseId: string): boolean {
    const name = asString(call["name"]) ?? "";
    const args = asObject(call["args"]);
    const more = call["willContinue"] === true;
    if (name === "") {
      if (!this.#partial) return Object.keys(call).length === 0;
    } else {
      this.flush(responseId);
      if (!more && !asArray(call["partialArgs"])) {
        this.#write(name, asString(call["id"]), args ? writeJson(args) : "{}", state, responseId);
        return true;
      }
      this.#partial = { name, id: asString(call["id"]), state, args: new PartialArguments() };
    }
    if (args) this.#partial?.args.merge(args);
    this.#partial?.args.take(call["partialArgs"]);
    if (!more) this.flush(responseId);
    return true;
  }

  /** Ends a call in pieces; its last piece may never come. */
  flush(responseId: string): void {
    const partial = this.#partial;
    if (!partial) return;
    this.#partial = undefined;
    this.#write(partial.name, partial.id, partial.args.text(), partial.state, responseId);
  }

  /** A call of this name, or with this id, was answered by the provider itself (recordings, oddity 42). @returns its id. */
  answered(id: string | undefined, name: string): string {
    const call = [...this.#waiting].find(([waiting, called]) => waiting === id || called === name);
    if (call) this.#waiting.delete(call[0]);
    return id ?? call?.[0] ?? name;
  }

  #write(wire: string, given: string | undefined, args: JsonText, state: OpaqueState | undefined, responseId: string): void {
    const { request } = this.#context;
    const name = originalName(request, wire);
    const custom = takesFreeText(request, name);
    const id = given !== undefined && given !== "" ? given : this.#mint(wire, args, responseId);
    this.#waiting.set(id, wire);
    const head: ToolCallContent = { type: "tool-call", id, kind: custom ? "custom" : "function", name, input: "", ...(state && { state }) };
    this.#writer.whole(head, custom ? unwrapFreeText(args) : args);
  }

  /** The same answer always gives the same id, and another place in the conversation another one (rule 5). */
  #mint(name: string, args: JsonText, responseId: string): string {
    const place = [responseId, this.#context.request?.items.length ?? 0, this.#writer.count];
    return `call_${createHash("sha256")
      .update(JSON.stringify([...place, name, args]))
      .digest("hex")
      .slice(0, 24)}`;
  }
}
