/** Calls of an answer: of functions and free-text tools as they stream, of typed tools when they are done (A.3.3; rules 58, 66, 68). */
import { createHash } from "node:crypto";
import type { Content, ToolCallContent } from "../../../chat/chat.ts";
import { asString, writeJson, type JsonObject, type JsonText, type JsonValue } from "../../../chat/json.ts";
import { FreeTextReader } from "../../shared/free-text.ts";
import { takesFreeText } from "../../shared/tool-lookup.ts";
import { leftover } from "../../shared/leftover.ts";
import { localShellInput } from "../local-shell.ts";
import { nativeOf } from "../native.ts";
import type { AnswerReading, ItemReader } from "./item-reader.ts";

/** How the two kinds of calls are written. */
const FORMS = {
  function: { key: "arguments", events: "function_call_arguments" },
  custom: { key: "input", events: "custom_tool_call_input" },
} as const;

export class CallReader implements ItemReader {
  readonly #reading: AnswerReading;
  readonly #kind: ToolCallContent["kind"];
  readonly #form: (typeof FORMS)[ToolCallContent["kind"]];
  #index: number | undefined;
  /** How much of the input has come. */
  #length = 0;
  /** Reads the arguments of a free-text tool that was declared as a function (rules 66, 67). */
  #wrapped: FreeTextReader | undefined;
  /** Input that came before the name. */
  #held = "";

  constructor(item: JsonObject, kind: ToolCallContent["kind"], reading: AnswerReading) {
    this.#reading = reading;
    this.#kind = kind;
    this.#form = FORMS[kind];
    if ((asString(item["name"]) ?? "") !== "" && (asString(item["call_id"]) ?? "") !== "") this.#begin(item);
  }

  event(name: string, event: JsonObject): void {
    const { events, key } = this.#form;
    if (name === `${events}.delta`) this.#write(asString(event["delta"]) ?? "");
    else if (name === `${events}.done`) this.#write(inputText(event[key]).slice(this.#length));
  }

  done(item: JsonObject): void {
    if (this.#index === undefined) this.#begin(item);
    this.#write(inputText(item[this.#form.key]).slice(this.#length));
    this.end();
  }

  end(): void {
    const { writer } = this.#reading;
    if (this.#index === undefined) return;
    writer.delta(this.#index, this.#wrapped?.end() ?? "");
    writer.close(this.#index);
  }

  #begin(item: JsonObject): void {
    const { writer, context, names, found } = this.#reading;
    const namespace = asString(item["namespace"]);
    const wire = asString(item["name"]) ?? "";
    const name = names.find({ name: wire, ...(namespace !== undefined && { namespace }) });
    const freeText = takesFreeText(context.request, name);
    if (freeText && this.#kind === "function") this.#wrapped = new FreeTextReader();
    const beside = leftover(item, ["type", "status", "call_id", "name", "namespace", this.#form.key]);
    found.calls += 1;
    this.#index = writer.begin({
      type: "tool-call",
      kind: freeText ? "custom" : this.#kind,
      id: callId(item, this.#reading),
      name,
      input: "",
      ...nativeOf(Object.keys(beside).length > 0 ? { item: beside } : undefined),
    });
    if (this.#held !== "") this.#tell(this.#held);
  }

  #write(text: string): void {
    this.#length += text.length;
    if (this.#index === undefined) this.#held += text;
    else this.#tell(text);
  }

  #tell(text: string): void {
    if (this.#index !== undefined) this.#reading.writer.delta(this.#index, this.#wrapped?.push(text) ?? text);
  }
}

/** Arguments are text; a few servers send the object itself. */
function inputText(value: JsonValue | undefined): JsonText {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : writeJson(value);
}

/** The same answer always gives the same id, and another place in the conversation another one (rules 5, 59). */
function callId(item: JsonObject, { writer, context }: AnswerReading): string {
  const given = asString(item["call_id"]) ?? "";
  if (given !== "") return given;
  const place = JSON.stringify([asString(item["id"]) ?? "", context.request?.items.length ?? 0, writer.count, item["name"] ?? null]);
  return `call_${createHash("sha256").update(place).digest("hex").slice(0, 24)}`;
}

/** A typed tool's call: what it is to do is its input, and what kind of tool it is stays beside it. */
export class TypedCallReader implements ItemReader {
  readonly #reading: AnswerReading;
  readonly #tool: string;
  readonly #keys: readonly string[];

  /** @param keys where it may say what to do. */
  constructor(tool: string, keys: readonly string[], reading: AnswerReading) {
    this.#reading = reading;
    this.#tool = tool;
    this.#keys = keys;
  }

  done(item: JsonObject): void {
    const { writer, context, found } = this.#reading;
    const key = this.#keys.find((one) => item[one] !== undefined) ?? "";
    const offered = context.request?.tools.find((tool) => tool.type === "client" && tool.vendorType.startsWith(this.#tool));
    found.calls += 1;
    const call: Content = {
      type: "tool-call",
      kind: "function",
      id: callId(item, this.#reading),
      name: offered?.name ?? this.#tool,
      input: "",
      ...nativeOf({ item: leftover(item, ["call_id", key]) }),
    };
    const input = item[key] ?? {};
    writer.whole(call, writeJson(this.#tool === "local_shell" ? localShellInput(input) : input));
  }
}
