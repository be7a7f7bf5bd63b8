/**
 * Events to content blocks, for streams and whole answers alike: strictly one block after the other, so items that
 * interleave wait for their turn (rules 61, 269).
 *
 * Where opaque state goes (rules 141, 143, 274): proof of a reasoning item closes its own thinking block. Proof of a
 * tool call or text that follows goes into the thinking block just before it, which therefore stays open until the next
 * item begins, or into an empty thinking block of its own. Proof that comes after its text goes into a block after it, as
 * a text of its own, unless it would be the last one behind a text: clients look for what was said in the last block, and
 * the gateway keeps it for them.
 * Proof that comes after a call has begun cannot be bound to it any more and is a loss. Thinking without any proof says so.
 */
import type { Citation, Content, TextContent } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { OpaqueState, StateBinding } from "../../../chat/state.ts";
import { InTurn, type ItemEvent } from "../../shared/in-turn.ts";
import type { AnswerContext } from "../../protocol.ts";
import { encodeCitation, encodeHostedCall, encodeHostedResult, mediaNote } from "../answer-content.ts";
import type { Emitted } from "../finish.ts";
import { escapeCallId } from "../ids.ts";
import { encodeAnnotations, ownFields } from "../native.ts";
import { sealState, UNPROVEN } from "../state.ts";

/** Where blocks go: one at a time, each opened, filled and closed. */
export interface BlockSink {
  open(block: JsonObject): void;
  /** More of the open block's text, thinking or input. */
  text(text: string): void;
  citation(citation: JsonObject): void;
  signature(value: string): void;
  compaction(content: string | null, encrypted: string | undefined): void;
  close(): void;
}

type Reasoning = Extract<Content, { readonly type: "reasoning" }>;

/** Follows one answer. */
export class AnswerEncoder {
  readonly #sink: BlockSink;
  readonly #context: AnswerContext;
  /** The item whose turn it is. */
  #current: number | undefined;
  #item: Content | undefined;
  /** Whether the current item's block is open in the sink. */
  #opened = false;
  /** An ended reasoning item whose block is still open for the state of what follows. */
  #tail = false;
  #compacted = "";
  /** The client said `display: "omitted"`, which not every upstream can be told (dossier B.0.5). */
  readonly #hidesThinking: boolean;
  /** The thought that is not shown; it travels with its proof to where it is wanted back (rule 145). */
  #hidden = "";
  /** Proof that came after its text, until something follows. */
  #late: OpaqueState[] = [];
  /** Whether the last block so far is text. */
  #endsInText = false;
  readonly #order = new InTurn((event) => this.#apply(event));
  readonly emitted: Emitted = { calls: false, refusal: false };

  constructor(sink: BlockSink, context: AnswerContext) {
    this.#sink = sink;
    this.#context = context;
    this.#hidesThinking = context.request.reasoning?.show === false;
  }

  /** The item whose deltas may go straight to the sink's open block. */
  get live(): number | undefined {
    return this.#opened && this.#item?.type !== "compaction" ? this.#current : undefined;
  }

  push(event: ItemEvent): void {
    this.#order.push(event);
  }

  /** Opens the block of the current text or thought before there is a word of it: its client has seen it open. */
  show(): void {
    if (!this.#opened) this.#openNow();
  }

  /** No more items come. */
  end(): void {
    if (this.#endsInText && this.#late.length > 0) {
      this.#context.losses.add("trailing-state", "answer.text", "info");
      this.#late = [];
    }
    this.#carry(undefined, "self");
  }

  #apply(event: ItemEvent): void {
    switch (event.type) {
      case "item-start":
        this.#current = event.index;
        this.#item = event.item;
        this.#opened = false;
        return this.#begin(event.item);
      case "delta":
        return this.#text(event.text);
      case "citation":
        return this.#citation(event.citation);
      case "item-end":
        this.#endItem(event.state);
        this.#current = undefined;
        this.#item = undefined;
        return undefined;
    }
  }

  #begin(item: Content): void {
    switch (item.type) {
      case "text":
        this.#text(item.text);
        for (const citation of item.citations ?? []) this.#citation(citation);
        return undefined;
      case "refusal":
        this.emitted.refusal = true;
        return this.#text(item.text);
      case "reasoning":
        return this.#beginReasoning(item);
      case "tool-call": {
        this.emitted.calls = true;
        this.#carry(item.state, "next-call");
        this.#open({ type: "tool_use", id: escapeCallId(item.id), name: item.name, input: {}, ...encodeAnnotations(item) });
        return this.#text(item.input);
      }
      case "hosted-tool-call": {
        this.#carry(undefined, "self");
        const block = encodeHostedCall(item);
        if (!block) return this.#context.losses.add("hosted-tool-call", `answer.${item.kind}`, "semantic");
        this.#open(block);
        return this.#text(item.input);
      }
      case "compaction":
        this.#carry(undefined, "self");
        this.#open({ type: "compaction", content: null, ...encodeAnnotations(item) });
        this.#compacted = item.text ?? "";
        return undefined;
      default:
        return this.#whole(item);
    }
  }

  #beginReasoning(item: Reasoning): void {
    if (item.state?.kind !== "redacted-thinking") return this.#text(item.text);
    this.#carry(undefined, "self");
    this.#put({ type: "redacted_thinking", data: sealState(item.state, "self", this.#context.sealer), ...ownFields(item.native) });
    return this.#sink.close();
  }

  /** A block that has no parts. */
  #whole(item: Exclude<Content, TextContent>): void {
    this.#carry(undefined, "self");
    if (item.type === "media") {
      this.#context.losses.add("media-output", `answer.${item.kind}`, "semantic");
      // The result of the call that made it says that it did.
      if (item.madeBy !== undefined) return undefined;
      this.#open({ type: "text", text: "" });
      this.#sink.text(mediaNote(item));
      return this.#close();
    }
    const block =
      item.type === "hosted-tool-result" ? encodeHostedResult(item) : item.type === "opaque" ? ownFields(item.native) : undefined;
    if (!block) return this.#context.losses.add("answer-content", `answer.${item.type === "opaque" ? item.name : item.type}`, "semantic");
    this.#put(block);
    return this.#sink.close();
  }

  #text(text: string): void {
    if (text === "") return;
    if (this.#item?.type === "reasoning" && this.#hidesThinking) this.#hidden += text;
    else if (this.#item?.type === "compaction") this.#compacted += text;
    else if (this.#opened || this.#openNow()) this.#sink.text(text);
  }

  #citation(citation: Citation): void {
    // A citation here is of a whole block: which part of its text it supports cannot be said.
    if (citation.range && !ownFields(citation.native)) this.#context.losses.add("citation-range", "answer.citations", "info");
    if (this.#opened || this.#openNow()) this.#sink.citation(encodeCitation(citation));
  }

  /** Blocks of text and thinking open with their first text, so that an empty one leaves no trace (rule 233). */
  #openNow(): boolean {
    const item = this.#item;
    switch (item?.type) {
      case "text":
        this.#carry(item.state, "next-text");
        this.#open({ type: "text", text: "", ...encodeAnnotations(item) });
        return true;
      case "refusal":
        this.#carry(undefined, "self");
        this.#open({ type: "text", text: "" });
        return true;
      case "reasoning":
        this.#carry(undefined, "self");
        this.#open({ type: "thinking", thinking: "", signature: "", ...ownFields(item.native) });
        return true;
      default:
        return false;
    }
  }

  #endItem(late: OpaqueState | undefined): void {
    const item = this.#item;
    switch (item?.type) {
      case "text": {
        const sent = this.#opened;
        if (sent) this.#close();
        // Proof of a text that never came, or that has been sent already, stands alone.
        const alone = late ?? (sent ? undefined : item.state);
        if (alone) this.#late.push(alone);
        break;
      }
      case "reasoning":
        this.#endReasoning(item, late ?? item.state);
        break;
      case "compaction":
        this.#sink.compaction(this.#compacted === "" ? null : this.#compacted, this.#compactionState(late ?? item.state));
        this.#close();
        break;
      default:
        if (late) this.#context.losses.add("late-call-state", `answer.${item?.type ?? "item"}`, "semantic");
        if (this.#opened) this.#close();
    }
  }

  #endReasoning(item: Reasoning, proof: OpaqueState | undefined): void {
    if (item.state?.kind === "redacted-thinking") return;
    const state = proof?.kind === "thinking" && this.#hidden !== "" ? { ...proof, text: this.#hidden } : proof;
    this.#hidden = "";
    if (state && !this.#opened) this.#openNow();
    // A thought without words opened nothing: the block of the one before it may still be open.
    this.#tail ||= this.#opened;
    this.#opened = false;
    if (state) this.#carry(state, "self");
  }

  #compactionState(state: OpaqueState | undefined): string | undefined {
    return state && sealState(state, "self", this.#context.sealer);
  }

  /** Ends what came before the next block: late proof goes out, then the given state, each in the open thinking block or one of its own. */
  #carry(state: OpaqueState | undefined, binds: StateBinding): void {
    const late = this.#late;
    if (late.length > 0) {
      this.#late = [];
      for (const proof of late) this.#seal(proof, "alone");
    }
    if (state) this.#seal(state, binds);
    if (this.#tail) this.#seal(UNPROVEN, "self");
  }

  #seal(state: OpaqueState, binds: StateBinding): void {
    if (!this.#tail) this.#put({ type: "thinking", thinking: "", signature: "" });
    this.#sink.signature(sealState(state, binds, this.#context.sealer));
    this.#sink.close();
    this.#tail = false;
  }

  #open(block: JsonObject): void {
    this.#put(block);
    this.#opened = true;
  }

  #put(block: JsonObject): void {
    this.#endsInText = block["type"] === "text";
    this.#sink.open(block);
  }

  #close(): void {
    this.#sink.close();
    this.#opened = false;
  }
}
