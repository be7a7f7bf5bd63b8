/** Calls of an answer that the client is to make (A.3.3; rules 66, 68, 88–90, 289, 417). */
import type { ToolCallContent } from "../../../chat/chat.ts";
import { asArray, asObject, asString, tryParseJson, writeJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { leftover } from "../../shared/leftover.ts";
import { localShellAction } from "../local-shell.ts";
import { wireName } from "../tool-names.ts";
import { OutputItem, type DeltaHead, type ItemStatus, type Output } from "./output.ts";

/** A function's call or a free-text tool's: its input streams. */
export class CallItem extends OutputItem {
  readonly #call: JsonObject;
  readonly #kind: ToolCallContent["kind"];
  readonly #head: DeltaHead;
  #input = "";

  /** @param id the call's own, unique in the answer. @param own what the item says beside the call. */
  constructor(output: Output, { kind, name }: ToolCallContent, id: string, own: JsonObject) {
    super(output, kind === "custom" ? "ctc" : "fc");
    this.#kind = kind;
    this.#call = { call_id: id, ...wireName(name, output.context.request.tools), ...own };
    this.#head = this.head(kind === "custom" ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta");
    this.add();
  }

  text(text: string): void {
    this.#input += text;
    this.delta(this.#head, text);
  }

  /** No more input comes. Clients parse what a function takes, and nothing is not JSON (rules 56, 57). */
  endInput(): void {
    if (this.#kind === "custom") return this.event("response.custom_tool_call_input.done", { input: this.#input });
    if (this.#input === "") this.text("{}");
    this.event("response.function_call_arguments.done", { arguments: this.#input });
  }

  /** Half a call must not run (rule 88). */
  override isCut(isLast: boolean): boolean {
    return this.#kind === "custom" ? isLast : tryParseJson(this.#input) === undefined;
  }

  protected fields(status: ItemStatus): JsonObject {
    const [type, key] = this.#kind === "custom" ? ["custom_tool_call", "input"] : ["function_call", "arguments"];
    return { id: this.id, type, status, ...this.#call, [key]: this.#input };
  }
}

/** A typed tool's item: its prefix, and how it says what is to be done; `undefined` for an input that does not say it. */
interface TypedItem {
  readonly prefix: string;
  readonly encode: (input: JsonObject) => JsonObject | undefined;
}

const TYPED: ReadonlyMap<string, TypedItem> = new Map<string, TypedItem>([
  ["local_shell", { prefix: "lsh", encode: encodeLocalShell }],
  ["shell", { prefix: "sh", encode: encodeShell }],
  ["apply_patch", { prefix: "apc", encode: encodePatch }],
  ["tool_search", { prefix: "tsc", encode: (input) => ({ execution: "client", arguments: input }) }],
]);

/** Whether calls of such a tool have an item of their own. */
export function isTyped(vendorType: string): boolean {
  return TYPED.has(vendorType);
}

/**
 * A typed tool's call (rule 90), which comes whole: clients act on what it says from its beginning on.
 * An input that is none of the tool's is one that was cut.
 */
export class TypedCallItem extends OutputItem {
  readonly #fields: JsonObject;
  readonly #isWhole: boolean;

  constructor(output: Output, vendorType: string, callId: string, input: string) {
    const { prefix, encode } = TYPED.get(vendorType) as TypedItem;
    super(output, prefix);
    const encoded = encode(asObject(tryParseJson(input.trim() === "" ? "{}" : input)) ?? {});
    this.#isWhole = encoded !== undefined;
    this.#fields = { type: `${vendorType}_call`, call_id: callId, ...(encoded ?? encode(HOLLOW)) };
    this.add();
  }

  override isCut(): boolean {
    return !this.#isWhole;
  }

  protected fields(status: ItemStatus): JsonObject {
    return { id: this.id, status: this.#isWhole || status === "in_progress" ? status : "incomplete", ...this.#fields };
  }
}

/** What stands for an input that nobody can read: it does nothing. */
const HOLLOW: JsonObject = { command: [], commands: [], type: "update_file", path: "", diff: "" };

const LOCAL_SHELL_FIELDS = ["command", "env", "timeout_ms", "user", "working_directory"];

/** Models write a command as the words of it, or as one line. What they write stays in its order, because they see it again. */
function encodeLocalShell(input: JsonObject): JsonObject | undefined {
  const line = asString(input["command"]);
  const command = line === undefined ? texts(input["command"]) : ["bash", "-lc", line];
  const given = leftover(
    input,
    Object.keys(input).filter((key) => !LOCAL_SHELL_FIELDS.includes(key)),
  );
  return command && { action: localShellAction({ ...given, command }) };
}

function encodeShell({ commands, command, timeout_ms: timeout, max_output_length: most }: JsonObject): JsonObject | undefined {
  const one = asString(command) ?? asString(commands);
  const lines = one === undefined ? texts(commands) : [one];
  return (
    lines && { action: { commands: lines, timeout_ms: timeout ?? null, max_output_length: most ?? null }, environment: { type: "local" } }
  );
}

const OPERATIONS = ["create_file", "update_file", "delete_file"];

function encodePatch({ type, path, diff }: JsonObject): JsonObject | undefined {
  if (!OPERATIONS.includes(asString(type) ?? "") || typeof path !== "string") return undefined;
  return { operation: { type, path, ...(type !== "delete_file" && { diff: asString(diff) ?? "" }) } };
}

function texts(value: JsonValue | undefined): string[] | undefined {
  return asArray(value)?.map((text) => asString(text) ?? writeJson(text));
}
