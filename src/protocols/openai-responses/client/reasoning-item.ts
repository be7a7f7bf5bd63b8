/** Reasoning of an answer: its summary, and the state that proves it, which comes with its end only (A.3.2; rules 136, 293, 371). */
import type { JsonObject } from "../../../chat/json.ts";
import type { OpaqueState, StateBinding } from "../../../chat/state.ts";
import { sealState, UNPROVEN } from "../state.ts";
import { OutputItem, type DeltaHead, type Output } from "./output.ts";

export class ReasoningItem extends OutputItem {
  readonly #own: JsonObject;
  #head: DeltaHead | undefined;
  #text = "";
  #summary: JsonObject[] = [];
  #sealed: string | undefined;

  /** @param own what the item says beside its summary. */
  constructor(output: Output, own: JsonObject = {}) {
    super(output, "rs");
    this.#own = own;
    this.add();
  }

  /** Whether it has state already, its own or another item's. */
  get isSealed(): boolean {
    return this.#sealed !== undefined;
  }

  /** More of the summary. */
  text(text: string): void {
    if (this.#head === undefined) {
      this.event("response.reasoning_summary_part.added", { summary_index: 0, part: { type: "summary_text", text: "" } });
      this.#head = this.head("response.reasoning_summary_text.delta", { summary_index: 0 });
    }
    this.#text += text;
    this.delta(this.#head, text);
  }

  /** No more text comes; state may still. */
  endText(): void {
    if (this.#head === undefined) return;
    this.#head = undefined;
    const at = { summary_index: 0 };
    const part = { type: "summary_text", text: this.#text };
    this.event("response.reasoning_summary_text.done", { ...at, text: this.#text });
    this.event("response.reasoning_summary_part.done", { ...at, part });
    this.#summary = [part];
  }

  seal(state: OpaqueState, binds: StateBinding): void {
    this.#sealed = sealState(state, binds, this.output.context.sealer);
  }

  override whole(): JsonObject {
    return { ...this.fields(), encrypted_content: this.#sealed ?? sealState(UNPROVEN, "self", this.output.context.sealer) };
  }

  protected fields(): JsonObject {
    const open = this.#head !== undefined ? [{ type: "summary_text", text: this.#text }] : [];
    return { id: this.id, type: "reasoning", summary: [...this.#summary, ...open], ...this.#own };
  }

  protected override finish(): void {
    this.endText();
  }
}
