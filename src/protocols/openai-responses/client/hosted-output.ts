/** What the provider did itself, as items of an answer (A.3.3; rules 221, 225): a call is done when it is known what came of it. */
import type { HostedToolKind, HostedToolResultContent, MediaContent } from "../../../chat/chat.ts";
import { asObject, asString, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import { OutputItem, type ItemStatus, type Output } from "./output.ts";
import { encodeTools } from "./tools-encode.ts";

/** A call that the provider runs. */
export abstract class HostedItem extends OutputItem {
  /** All of its input. */
  abstract ask(input: string): void;

  /** What came of it: the call is done. */
  answer(result: HostedToolResultContent): void {
    this.take(result);
    this.close("completed");
  }

  protected abstract take(result: HostedToolResultContent): void;
}

/** How the item of a call begins, by its kind; there is none for others. */
export const HOSTED_ITEMS: Readonly<Partial<Record<HostedToolKind, (output: Output) => HostedItem>>> = {
  "web-search": (output) => new WebSearchItem(output, false),
  "web-fetch": (output) => new WebSearchItem(output, true),
  "code-execution": (output) => new CodeItem(output),
  "tool-search": (output) => new ToolSearchItem(output),
};

/** A search, or a page that was read. */
class WebSearchItem extends HostedItem {
  readonly #fetches: boolean;
  #action: JsonObject;

  constructor(output: Output, fetches: boolean) {
    super(output, "ws");
    this.#fetches = fetches;
    this.#action = { type: fetches ? "open_page" : "search" };
    this.add();
    this.event("response.web_search_call.in_progress");
    this.event("response.web_search_call.searching");
  }

  ask(input: string): void {
    const { query, queries, url } = asObject(tryParseJson(input)) ?? {};
    const words = asString(query);
    if (this.#fetches) this.#action = { ...this.#action, url: asString(url) ?? null };
    else if (words !== undefined) this.#action = { ...this.#action, query: words, queries: queries ?? [words] };
  }

  protected take({ sources = [] }: HostedToolResultContent): void {
    const urls = sources.flatMap(({ url }) => url ?? []);
    if (this.#fetches) this.#action = { ...this.#action, url: this.#action["url"] ?? urls[0] ?? null };
    else this.#action = { ...this.#action, sources: urls.map((url) => ({ type: "url", url })) };
  }

  protected fields(status: ItemStatus): JsonObject {
    return { id: this.id, type: "web_search_call", status, action: this.#action };
  }

  protected override finish(): void {
    this.event("response.web_search_call.completed");
  }
}

/** Code that ran, and what it put out. */
class CodeItem extends HostedItem {
  #code = "";
  #outputs: readonly JsonObject[] = [];

  constructor(output: Output) {
    super(output, "ci");
    this.add();
    this.event("response.code_interpreter_call.in_progress");
  }

  ask(input: string): void {
    const { code, command } = asObject(tryParseJson(input)) ?? {};
    this.#code = asString(code) ?? asString(command) ?? input;
    this.delta(this.head("response.code_interpreter_call_code.delta"), this.#code);
    this.event("response.code_interpreter_call_code.done", { code: this.#code });
    this.event("response.code_interpreter_call.interpreting");
  }

  protected take({ text }: HostedToolResultContent): void {
    if (text !== "") this.#outputs = [...this.#outputs, { type: "logs", logs: text }];
  }

  protected fields(status: ItemStatus): JsonObject {
    const container = this.id.replace(/^ci_/, "cntr_");
    return { id: this.id, type: "code_interpreter_call", status, code: this.#code, container_id: container, outputs: this.#outputs };
  }

  protected override finish(): void {
    this.event("response.code_interpreter_call.completed");
  }
}

/** A search for tools. What it found is an item of its own. */
class ToolSearchItem extends HostedItem {
  #arguments: JsonObject = {};

  constructor(output: Output) {
    super(output, "tsc");
    this.add();
  }

  ask(input: string): void {
    this.#arguments = asObject(tryParseJson(input)) ?? {};
  }

  override answer(result: HostedToolResultContent): void {
    super.answer(result);
    new ToolsFoundItem(this.output, result.text).close("completed");
  }

  protected take(): void {
    // It is told in the item behind.
  }

  protected fields(status: ItemStatus): JsonObject {
    return { id: this.id, type: "tool_search_call", status, execution: "server", call_id: null, arguments: this.#arguments };
  }
}

class ToolsFoundItem extends OutputItem {
  readonly #tools: readonly JsonObject[];

  /** @param names of the tools, a line each. */
  constructor(output: Output, names: string) {
    super(output, "tso");
    const found = new Set(names.split("\n"));
    this.#tools = encodeTools(output.context.request.tools.filter(({ name }) => found.has(name)));
    this.add();
  }

  protected fields(status: ItemStatus): JsonObject {
    return { id: this.id, type: "tool_search_output", status, execution: "server", call_id: null, tools: this.#tools };
  }
}

/** A picture that the model made (dossier B.9). */
export class ImageItem extends OutputItem {
  readonly #base64: string;
  readonly #format: string | undefined;

  constructor(output: Output, base64: string, { mediaType }: MediaContent) {
    super(output, "ig");
    this.#base64 = base64;
    this.#format = /^image\/(png|webp|jpeg|gif)$/.exec(mediaType ?? "")?.[1];
    this.add();
    this.event("response.image_generation_call.in_progress");
    this.event("response.image_generation_call.generating");
  }

  protected fields(status: ItemStatus): JsonObject {
    const format = this.#format === undefined ? {} : { output_format: this.#format };
    return { id: this.id, type: "image_generation_call", status, result: status === "in_progress" ? null : this.#base64, ...format };
  }

  protected override finish(): void {
    this.event("response.image_generation_call.completed");
  }
}

/** An item that is known whole from its beginning on. */
export class WholeItem extends OutputItem {
  readonly #fields: JsonObject;

  constructor(output: Output, prefix: string, fields: JsonObject) {
    super(output, prefix);
    this.#fields = fields;
    this.add();
  }

  protected fields(): JsonObject {
    return { id: this.id, ...this.#fields };
  }
}
