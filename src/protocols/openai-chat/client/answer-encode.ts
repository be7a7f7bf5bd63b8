/**
 * Events to the pieces of a Chat message, for streams and whole answers alike. Text of every kind goes where it belongs as
 * it comes; what clients keep only when it comes at once, citations and proof of reasoning, is told at the end.
 */
import type { Citation, Content, Finish, ToolCallContent } from "../../../chat/chat.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { OpaqueState } from "../../../chat/state.ts";
import type { AnswerContext } from "../../protocol.ts";
import { refusalText } from "../../shared/refusal-text.ts";
import type { Emitted } from "./finish-encode.ts";
import { encodeProof, type Position, type Proof } from "./proofs.ts";
import { usesLegacyFunctions } from "./tools-decode.ts";

/** A place that text is added to: the field, and the JSON around the text inside a delta. */
export interface Channel {
  readonly field: "content" | "refusal" | "reasoning_content" | "function_call" | "function" | "custom";
  /** Which of the message's calls, for `function` and `custom`. */
  readonly ordinal: number;
  readonly open: string;
  readonly close: string;
}

/** Where pieces go. */
export interface AnswerSink {
  text(channel: Channel, text: string): void;
  /** Fields that come whole. */
  delta(fields: JsonObject): void;
}

function plainChannel(field: "content" | "refusal" | "reasoning_content"): Channel {
  return { field, ordinal: 0, open: `{"${field}":`, close: "}" };
}

const CONTENT = plainChannel("content");
const REFUSAL = plainChannel("refusal");
const REASONING = plainChannel("reasoning_content");
const LEGACY: Channel = { field: "function_call", ordinal: 0, open: '{"function_call":{"arguments":', close: "}}" };

function callChannel(field: "function" | "custom", ordinal: number): Channel {
  const key = field === "function" ? "arguments" : "input";
  return { field, ordinal, open: `{"tool_calls":[{"index":${ordinal},"${field}":{"${key}":`, close: "}}]}" };
}

/** An item under way. */
interface OpenItem {
  readonly item: Content;
  /** Absent: the item is not shown. */
  readonly channel: Channel | undefined;
  readonly position: Position;
  readonly citations: Citation[];
  /** Text so far, of reasoning only: its proof repeats it. */
  text: string;
  /** UTF-16 units so far. */
  length: number;
}

type ItemEvent = Extract<ChatEvent, { readonly index: number }>;

/** Follows one answer. */
export class AnswerEncoder {
  readonly #sink: AnswerSink;
  readonly #context: AnswerContext;
  readonly #legacy: boolean;
  readonly #open = new Map<number, OpenItem>();
  readonly #proofs: Proof[] = [];
  readonly #annotations: JsonObject[] = [];
  /** UTF-16 units of the message's text, its calls, and its pictures so far. */
  #chars = 0;
  #calls = 0;
  #images = 0;
  #refused = false;
  #reasoned = false;

  constructor(sink: AnswerSink, context: AnswerContext) {
    this.#sink = sink;
    this.#context = context;
    this.#legacy = usesLegacyFunctions(context.request.tools);
  }

  /** What the model said so far. */
  get emitted(): Emitted {
    return { content: this.#chars > 0, refusal: this.#refused, calls: this.#calls > 0, legacy: this.#legacy };
  }

  /** More text of an item: where it goes, or `undefined` when it goes nowhere. Nearly every event is one of these. */
  add(index: number, text: string): Channel | undefined {
    const open = this.#open.get(index);
    if (!open?.channel || text === "") return undefined;
    if (open.channel === CONTENT) this.#chars += text.length;
    else if (open.channel === REASONING) {
      if (open.length === 0 && this.#reasoned) this.#sink.text(REASONING, "\n\n");
      this.#reasoned = true;
      open.text += text;
    } else if (open.channel === REFUSAL) this.#refused = true;
    open.length += text.length;
    return open.channel;
  }

  push(event: ItemEvent): void {
    switch (event.type) {
      case "item-start":
        return this.#begin(event.index, event.item);
      case "delta":
        return this.#text(event.index, event.text);
      case "citation":
        this.#open.get(event.index)?.citations.push(event.citation);
        return undefined;
      case "item-end":
        return this.#end(event.index, event.state);
    }
  }

  /** No more items come: what is told last. */
  end(finish: Finish): void {
    const refusal = refusalText(finish, this.emitted) ?? "";
    if (refusal !== "") this.#sink.text(REFUSAL, refusal);
    const { sealer } = this.#context;
    const details = this.#proofs.map((proof, i) => encodeProof(proof, i, sealer));
    if (this.#annotations.length > 0) this.#sink.delta({ annotations: this.#annotations });
    if (details.length > 0) this.#sink.delta({ reasoning_details: details });
  }

  #begin(index: number, item: Content): void {
    const position = { text: this.#chars, calls: this.#calls };
    const channel = this.#channel(item);
    this.#open.set(index, { item, channel, position, citations: [], text: "", length: 0 });
    if (item.type === "text" || item.type === "refusal" || item.type === "reasoning") this.#text(index, item.text);
    else if (item.type === "tool-call") this.#text(index, item.input);
    if (item.type === "text") for (const citation of item.citations ?? []) this.push({ type: "citation", index, citation });
  }

  /** Where the item's text goes; what has none is told at once, or is a loss. */
  #channel(item: Content): Channel | undefined {
    switch (item.type) {
      case "text":
        return CONTENT;
      case "refusal":
        return REFUSAL;
      case "reasoning":
        return REASONING;
      case "tool-call":
        return this.#beginCall(item);
      case "media":
        this.#media(item);
        return undefined;
      case "hosted-tool-call":
        // Chat's own search shows no calls either: its sources are citations (dossier B.4).
        if (item.kind !== "web-search") this.#context.losses.add("hosted-tool-call", `answer.${item.kind}`, "semantic");
        return undefined;
      case "hosted-tool-result":
        if (item.kind !== "web-search") this.#context.losses.add("answer-content", `answer.${item.type}`, "semantic");
        return undefined;
      default:
        this.#context.losses.add("answer-content", `answer.${item.type === "opaque" ? item.name : item.type}`, "semantic");
        return undefined;
    }
  }

  #beginCall({ id, kind, name, state }: ToolCallContent): Channel | undefined {
    const ordinal = this.#calls;
    if (this.#legacy) {
      if (ordinal > 0) {
        // The old form has room for one call.
        this.#context.losses.add("answer-content", "answer.tool-call", "semantic");
        return undefined;
      }
      this.#calls = 1;
      this.#sink.delta({ function_call: { name, arguments: "" } });
      return LEGACY;
    }
    this.#calls += 1;
    const body = kind === "custom" ? { custom: { name, input: "" } } : { function: { name, arguments: "" } };
    const call = { index: ordinal, id, type: kind, ...body, ...(state && this.#extra(state)) };
    this.#sink.delta({ tool_calls: [call] });
    return callChannel(kind, ordinal);
  }

  /** Proof of a call, where clients of Gemini's own Chat endpoint look for it (dossier B.0.7). */
  #extra(state: OpaqueState): JsonObject {
    return { extra_content: { google: { thought_signature: this.#context.sealer.seal({ state, binds: "self" }) } } };
  }

  #text(index: number, text: string): void {
    const channel = this.add(index, text);
    if (channel) this.#sink.text(channel, text);
  }

  #media({ kind, mediaType, source }: Extract<Content, { type: "media" }>): void {
    const url = "url" in source ? source.url : "base64" in source ? `data:${mediaType ?? "image/png"};base64,${source.base64}` : undefined;
    if (kind === "image" && url !== undefined) {
      this.#sink.delta({ images: [{ type: "image_url", image_url: { url }, index: this.#images }] });
      this.#images += 1;
      return;
    }
    this.#context.losses.add("media-output", `answer.${kind}`, "semantic");
    const what = mediaType === undefined ? `media of kind ${kind}` : `${kind} (${mediaType})`;
    const note = `[The model returned ${what}, which Chat Completions cannot carry in an answer.]`;
    this.#chars += note.length;
    this.#sink.text(CONTENT, note);
  }

  #end(index: number, late: OpaqueState | undefined): void {
    const open = this.#open.get(index);
    if (!open) return;
    this.#open.delete(index);
    const { item, channel, position, length } = open;
    switch (item.type) {
      case "text": {
        const state = late ?? item.state;
        if (state) this.#proofs.push({ content: { type: "text", text: "", state }, position, length });
        for (const citation of open.citations) this.#cite(citation, position.text, length);
        break;
      }
      case "reasoning": {
        const state = late ?? item.state;
        if (state) this.#proofs.push({ content: { type: "reasoning", text: open.text, state }, position, length: 0 });
        break;
      }
      case "tool-call":
        if (!channel) break;
        // Clients parse what a function takes, and nothing is not JSON (rules 56, 57).
        if (length === 0 && item.kind === "function") this.#sink.text(channel, "{}");
        if (late && channel !== LEGACY) this.#sink.delta({ tool_calls: [{ index: channel.ordinal, ...this.#extra(late) }] });
        break;
      default:
    }
  }

  /** Offsets count the whole message's text (rule 234). Without a range the citation is of the whole item. */
  #cite({ url, title, range }: Citation, from: number, length: number): void {
    if (url === undefined) {
      this.#context.losses.add("answer-content", "answer.citations", "semantic");
      return;
    }
    const { start, end } = range ?? { start: 0, end: length };
    const citation = { start_index: from + start, end_index: from + end, url, title: title ?? url };
    this.#annotations.push({ type: "url_citation", url_citation: citation });
  }
}
