/**
 * What the provider ran itself, as hosted calls and results (rules 221, 228; recordings, oddities 42, 46): parts that say
 * so, and the metadata that is all there is when they are not shown.
 */
import { createHash } from "node:crypto";
import type { Content, HostedToolKind } from "../../../chat/chat.ts";
import { asArray, asObject, asString, writeJson, type JsonObject, type JsonText, type JsonValue } from "../../../chat/json.ts";
import type { DecodeContext } from "../../protocol.ts";
import type { EventWriter } from "./event-writer.ts";
import { citationsOf, readFetches, readGrounding, sourcesText, type Grounding } from "./grounding.ts";

const TOOL_TYPES: ReadonlyMap<string, HostedToolKind> = new Map<string, HostedToolKind>([
  ["GOOGLE_SEARCH_WEB", "web-search"],
  ["GOOGLE_SEARCH_IMAGE", "web-search"],
  ["URL_CONTEXT", "web-fetch"],
]);

/** What a tool is called that the caller gave no name. */
const NAMES: Readonly<Partial<Record<HostedToolKind, string>>> = {
  "web-search": "web_search",
  "web-fetch": "web_fetch",
  "code-execution": "code_execution",
};

export class HostedReader {
  readonly #writer: EventWriter;
  readonly #context: DecodeContext;
  #responseId = "";
  #grounding: Grounding | undefined;
  /** Whether the search behind the grounding has been told. */
  #told = false;
  /** Pages that were read and not told yet. */
  #fetches: { url: string; ok: boolean }[] = [];
  readonly #fetched = new Set<string>();
  /** Searches that were shown, whose sources come with the grounding. */
  #searches: string[] = [];
  #shown = false;
  #lastCode = "";

  constructor(writer: EventWriter, context: DecodeContext) {
    this.#writer = writer;
    this.#context = context;
  }

  /** Takes a candidate's metadata, before its parts: what is known to have gone before them is told first. */
  note(candidate: JsonObject, parts: readonly JsonValue[], last: boolean, responseId: string): void {
    this.#responseId = responseId;
    const grounding = readGrounding(candidate["groundingMetadata"]);
    if (grounding) {
      this.#grounding = grounding;
      this.#told = false;
    }
    for (const page of readFetches(candidate["urlContextMetadata"])) {
      if (this.#fetched.has(page.url)) continue;
      this.#fetched.add(page.url);
      this.#fetches.push(page);
    }
    this.#shown ||= parts.some((part) => asObject(part)?.["toolCall"] !== undefined);
    if (this.#writer.openText !== undefined) return;
    this.#writeFetches();
    if (last && !this.#shown) this.#writeSearch();
  }

  /** After the last parts: citations of the open text, then whatever has not been told. */
  finish(): void {
    const text = this.#writer.openText;
    if (this.#grounding && text !== undefined) for (const citation of citationsOf(this.#grounding, text)) this.#writer.cite(citation);
    this.#writeFetches();
    this.#writeSearch();
    for (const callId of this.#searches.splice(0)) this.#result("web-search", callId, "", {});
    this.#grounding = undefined;
  }

  /** Whether the part is one of a hosted tool's. */
  read(part: JsonObject): boolean {
    const native = { native: { protocol: "gemini" as const, fields: part } };
    const [key] = PARTS.filter((candidate) => asObject(part[candidate]) !== undefined);
    const value = asObject(part[key ?? ""]);
    switch (key) {
      case "toolCall":
        this.#toolCall(value ?? {}, native);
        return true;
      case "toolResponse":
        this.#toolResponse(value ?? {}, native);
        return true;
      case "executableCode":
        this.#lastCode = this.#call(
          "code-execution",
          asString(value?.["id"]),
          writeJson({ code: asString(value?.["code"]) ?? "" }),
          native,
        );
        return true;
      case "codeExecutionResult":
        this.#result("code-execution", asString(value?.["id"]) ?? this.#lastCode, outcomeText(value ?? {}), native);
        return true;
      default:
        return false;
    }
  }

  /** What a function returned that the provider called itself. */
  functionResponse(callId: string, part: JsonObject): void {
    const response = asObject(asObject(part["functionResponse"])?.["response"]);
    const text = asString(response?.["output"]) ?? writeJson(response ?? {});
    this.#result("mcp", callId, text, { native: { protocol: "gemini", fields: part } });
  }

  #toolCall(call: JsonObject, native: Native): void {
    const toolType = asString(call["toolType"]) ?? "";
    const kind = TOOL_TYPES.get(toolType) ?? "other";
    const args = asObject(call["args"]) ?? {};
    const queries = asArray(args["queries"])?.filter((query) => typeof query === "string");
    const input = kind === "web-search" && queries ? writeJson({ query: queries.join("; ") }) : writeJson(args);
    this.#call(kind, asString(call["id"]), input, native, toolType.toLowerCase());
  }

  #toolResponse(answer: JsonObject, native: Native): void {
    const kind = TOOL_TYPES.get(asString(answer["toolType"]) ?? "") ?? "other";
    const callId = asString(answer["id"]) ?? "";
    const response = asObject(answer["response"]);
    if (kind !== "web-search") this.#result(kind, callId, response ? writeJson(response) : "", native);
    else {
      this.#searches.push(callId);
      if (this.#grounding) this.#writeSearch();
    }
  }

  /** A search is told once, with the sources that the grounding names; pages that were only read are told as such. */
  #writeSearch(): void {
    const grounding = this.#grounding;
    if (!grounding || this.#told) return;
    this.#told = true;
    const { kind, queries, sources } = grounding;
    const found = sources.filter(({ url }) => url !== undefined);
    const more = found.length > 0 ? { sources: found } : {};
    const shown = this.#searches.shift();
    if (shown !== undefined) this.#result("web-search", shown, sourcesText(sources), more);
    else if (!this.#shown && (queries.length > 0 || this.#fetched.size === 0)) {
      const input = kind === "web-search" ? writeJson({ query: queries.join("; ") }) : "{}";
      this.#result(kind, this.#call(kind, undefined, input, {}, "file_search"), sourcesText(sources), more);
    }
    if (queries.length > 0) this.#writer.push({ type: "usage", usage: { webSearches: queries.length } });
  }

  #writeFetches(): void {
    if (this.#fetches.length === 0) return;
    for (const { url, ok } of this.#fetches.splice(0)) {
      if (this.#shown) continue;
      const callId = this.#call("web-fetch", undefined, writeJson({ url }), {});
      this.#result("web-fetch", callId, ok ? url : `${url} could not be read.`, { sources: [{ url }] });
    }
    this.#writer.push({ type: "usage", usage: { webFetches: this.#fetched.size } });
  }

  #call(kind: HostedToolKind, given: string | undefined, input: JsonText, native: Native | object, otherName = "hosted_tool"): string {
    const id = given ?? this.#mint();
    const named = this.#context.request?.tools.find((tool) => tool.type === "hosted" && tool.kind === kind);
    const head: Content = { type: "hosted-tool-call", id, kind, name: named?.name ?? NAMES[kind] ?? otherName, input: "", ...native };
    this.#writer.whole(head, input);
    return id;
  }

  #result(kind: HostedToolKind, callId: string, text: string, more: object): void {
    this.#writer.whole({ type: "hosted-tool-result", callId, kind, text, ...more });
  }

  #mint(): string {
    const place = JSON.stringify([this.#responseId, this.#context.request?.items.length ?? 0, this.#writer.count]);
    return `hosted_${createHash("sha256").update(place).digest("hex").slice(0, 24)}`;
  }
}

const PARTS = ["toolCall", "toolResponse", "executableCode", "codeExecutionResult"] as const;

type Native = Pick<Content, "native">;

function outcomeText(result: JsonObject): string {
  const output = asString(result["output"]) ?? "";
  const outcome = asString(result["outcome"]);
  if (outcome === undefined || outcome === "OUTCOME_OK") return output;
  return output === "" ? outcome : `${outcome}\n${output}`;
}
