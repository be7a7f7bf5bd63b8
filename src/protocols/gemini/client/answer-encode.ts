/**
 * Events to parts, for streams and whole answers alike, item after item (dossier B.10). A call goes out whole (rule 296),
 * a thought only if the client asked for thoughts (rule 298). Proof of a thought waits for the next text or call, which
 * every client replays; where none follows it goes out on an empty text. The first call always carries something, because
 * Gemini wants a signature on it, whoever made it.
 */
import type { Content, HostedToolCallContent, HostedToolResultContent, MediaContent, Native } from "../../../chat/chat.ts";
import { asObject, asString, isObject, tryParseJson, type JsonObject } from "../../../chat/json.ts";
import type { OpaqueState } from "../../../chat/state.ts";
import { InTurn, type ItemEvent } from "../../shared/in-turn.ts";
import type { AnswerContext } from "../../protocol.ts";
import { GroundingWriter } from "./grounding-encode.ts";
import { ownFields } from "../native.ts";
import { sealSignature, UNSIGNED } from "../state.ts";

/** Where parts go, in order. */
export interface PartSink {
  /** More of the answer's text, or of a thought. */
  text(text: string, thought: boolean): void;
  part(part: JsonObject): void;
}

type Call = Extract<Content, { readonly type: "tool-call" }>;

/** Follows one answer. */
export class AnswerEncoder {
  readonly grounding = new GroundingWriter();
  /** Whether a call was left out because nobody could read its arguments. */
  malformed = false;
  /** What was said in the form of a refusal. */
  refusal = "";
  readonly #sink: PartSink;
  readonly #context: AnswerContext;
  readonly #showsThoughts: boolean;
  /** The thought. It travels with its proof to where it is wanted back (rules 143, 145): Gemini CLI sends none back, shown or not. */
  #thought = "";
  readonly #order = new InTurn((event) => this.#apply(event));
  #item: Content | undefined;
  /** Proof on its way to the next text or call. */
  #proof: OpaqueState[] = [];
  /** The input of the call that is being collected. */
  #input = "";
  #called = false;
  readonly #fetched = new Map<string, string>();

  constructor(sink: PartSink, context: AnswerContext) {
    this.#sink = sink;
    this.#context = context;
    this.#showsThoughts = context.request.reasoning?.show === true;
  }

  push(event: ItemEvent): void {
    this.#order.push(event);
  }

  /** No more items come. */
  end(): void {
    if (this.#proof.length > 0) this.#sink.part({ text: "", ...this.#signature() });
  }

  #apply(event: ItemEvent): void {
    switch (event.type) {
      case "item-start":
        this.#item = event.item;
        return this.#begin(event.item);
      case "delta":
        return this.#delta(event.text);
      case "citation":
        return this.grounding.cite(event.citation);
      case "item-end":
        if (this.#item) this.#end(this.#item, event.state);
        this.#item = undefined;
        return undefined;
    }
  }

  #begin(item: Content): void {
    this.#input = "";
    switch (item.type) {
      case "text":
        this.grounding.beginText();
        if (item.state) this.#proof.push(item.state);
        this.#delta(item.text);
        for (const citation of item.citations ?? []) this.grounding.cite(citation);
        return undefined;
      case "refusal":
      case "reasoning":
        return this.#delta(item.text);
      case "tool-call":
      case "hosted-tool-call":
        return this.#delta(item.input);
      case "hosted-tool-result":
        return this.#hostedResult(item);
      case "media":
        return this.#media(item);
      case "opaque": {
        const own = ownFields(item.native);
        return own ? this.#sink.part(own) : this.#lose(item.name);
      }
      default:
        return this.#lose(item.type);
    }
  }

  #delta(text: string): void {
    if (text === "") return;
    switch (this.#item?.type) {
      case "reasoning":
        if (this.#showsThoughts) this.#sink.text(text, true);
        this.#thought += text;
        return;
      case "refusal":
        this.refusal += text;
        return this.#say(text);
      case "text":
        return this.#say(text);
      default:
        this.#input += text;
    }
  }

  #say(text: string): void {
    this.grounding.say(text);
    if (this.#proof.length === 0) this.#sink.text(text, false);
    else this.#sink.part({ text, ...this.#signature() });
  }

  #end(item: Content, late: OpaqueState | undefined): void {
    switch (item.type) {
      case "text":
        this.grounding.endText();
        if (late) this.#proof.push(late);
        // Proof of this very text must not go to the next one.
        if (late || (item.state && this.#proof.includes(item.state))) this.end();
        return undefined;
      case "reasoning": {
        const state = late ?? item.state;
        if (state) this.#proof.push(state.kind === "thinking" && this.#thought !== "" ? { ...state, text: this.#thought } : state);
        this.#thought = "";
        return undefined;
      }
      case "tool-call":
        return this.#call(item, late ?? item.state);
      case "hosted-tool-call":
        return this.#hostedCall(item);
      default:
        return undefined;
    }
  }

  #call({ id, name }: Call, state: OpaqueState | undefined): void {
    const args = this.#input.trim() === "" ? {} : tryParseJson(this.#input);
    if (!isObject(args)) {
      this.malformed = true;
      return;
    }
    if (state) this.#proof.push(state);
    if (!this.#called && this.#proof.length === 0) this.#proof.push(UNSIGNED);
    this.#called = true;
    this.#sink.part({ functionCall: { id, name, args }, ...this.#signature() });
  }

  #hostedCall(call: HostedToolCallContent & { readonly native?: Native }): void {
    const own = ownFields(call.native);
    if (own) return this.#sink.part(own);
    const input = asObject(tryParseJson(this.#input)) ?? {};
    switch (call.kind) {
      case "web-search":
        return this.grounding.query(asString(input["query"]));
      case "web-fetch":
        this.#fetched.set(call.id, asString(input["url"]) ?? "");
        return undefined;
      case "code-execution": {
        const code = asString(input["code"]);
        const language = code === undefined ? "LANGUAGE_UNSPECIFIED" : "PYTHON";
        return this.#sink.part({ executableCode: { language, code: code ?? asString(input["command"]) ?? this.#input } });
      }
      default:
        return this.#context.losses.add("hosted-tool-call", `answer.${call.kind}`, "semantic");
    }
  }

  #hostedResult(result: HostedToolResultContent & { readonly native?: Native }): void {
    const own = ownFields(result.native);
    if (own) return this.#sink.part(own);
    switch (result.kind) {
      case "web-search":
        for (const source of result.sources ?? []) this.grounding.source(source);
        return undefined;
      case "web-fetch":
        return this.grounding.page(result.sources?.[0]?.url ?? this.#fetched.get(result.callId));
      case "code-execution":
        return this.#sink.part({ codeExecutionResult: { outcome: "OUTCOME_OK", output: result.text } });
      default:
        return undefined;
    }
  }

  #media(media: MediaContent): void {
    const { source, mediaType } = media;
    const type = mediaType === undefined ? {} : { mimeType: mediaType };
    if ("base64" in source) return this.#sink.part({ inlineData: { ...type, data: source.base64 } });
    if ("url" in source) return this.#sink.part({ fileData: { ...type, fileUri: source.url } });
    return this.#lose(media.kind);
  }

  #lose(what: string): void {
    this.#context.losses.add("answer-content", `answer.${what}`, "semantic");
  }

  /** All the proof there is, as a part's field. */
  #signature(): JsonObject {
    const signature = sealSignature(this.#proof, this.#context.sealer);
    this.#proof = [];
    return signature === undefined ? {} : { thoughtSignature: signature };
  }
}
