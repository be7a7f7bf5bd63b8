/** What the provider ran itself, and everything else that an answer holds (A.3.3; rules 93, 221; recordings, oddity 35). */
import type { Content, HostedToolKind } from "../../../chat/chat.ts";
import { asArray, asObject, asString, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { parseDataUrl } from "../../shared/media-bytes.ts";
import { readHostedItem, shellText } from "../hosted-items.ts";
import { leftover } from "../../shared/leftover.ts";
import { nativeOf } from "../native.ts";
import { joinedName } from "../tool-names.ts";
import { PROTOCOL } from "../wire.ts";
import type { AnswerReading, ItemReader } from "./item-reader.ts";

/** A call with its result, in one item. */
export class HostedReader implements ItemReader {
  readonly #reading: AnswerReading;

  constructor(reading: AnswerReading) {
    this.#reading = reading;
  }

  done(item: JsonObject): void {
    const { writer, context, found } = this.#reading;
    const read = readHostedItem(item);
    if (!read) return;
    const { kind, input, text, sources } = read;
    if (item["type"] === "web_search_call" && kind === "web-search") found.webSearches += 1;
    const id = hostedId(item);
    if (kind === "tool-search") found.toolSearch = id;
    const offered = context.request?.tools.find((tool) => tool.type === "hosted" && tool.kind === kind && kind !== "mcp");
    writer.whole({ type: "hosted-tool-call", id, kind, name: offered?.name ?? read.name, input: "", ...nativeOf({ item }) }, input);
    // Its result is told again by the call's own item.
    const native = { protocol: PROTOCOL, fields: {} } as const;
    if (text !== undefined) writer.whole({ type: "hosted-tool-result", callId: id, kind, text, ...(sources && { sources }), native });
    for (const output of asArray(item["outputs"]) ?? []) {
      const image = decodePicture(output, id);
      if (image) writer.whole(image);
    }
  }
}

/** Calls of the provider's and their outputs know each other by the call's id, where they have one. */
function hostedId(item: JsonObject): string {
  return asString(item["call_id"]) ?? asString(item["id"]) ?? "";
}

/** A chart that the code drew. */
function decodePicture(output: JsonValue, madeBy: string): Content | undefined {
  const data = parseDataUrl(asString(asObject(output)?.["url"]) ?? "");
  if (!data) return undefined;
  const { mediaType, base64 } = data;
  return { type: "media", kind: "image", ...(mediaType !== undefined && { mediaType }), source: { base64 }, madeBy };
}

/** An item that comes whole. */
export class WholeReader implements ItemReader {
  readonly #reading: AnswerReading;

  constructor(reading: AnswerReading) {
    this.#reading = reading;
  }

  done(item: JsonObject): void {
    this.#reading.writer.whole(this.#decode(item));
  }

  #decode(item: JsonObject): Content {
    const type = asString(item["type"]) ?? "item";
    switch (type) {
      case "image_generation_call":
        return decodeImage(item) ?? opaque(item, type);
      case "tool_search_output":
        return hostedOutput(item, this.#reading.found.toolSearch, "tool-search", toolNames(item["tools"]).join("\n"));
      case "shell_call_output":
        return hostedOutput(item, hostedId(item), "code-execution", shellText(item["output"]));
      case "compaction":
        return this.#compaction(item);
      default:
        return opaque(item, type);
    }
  }

  /** History that the server replaced by a summary, which it alone can read. */
  #compaction(item: JsonObject): Content {
    const value = asString(item["encrypted_content"]) ?? "";
    const beside = leftover(item, ["type", "encrypted_content"]);
    return {
      type: "compaction",
      ...(value !== "" && { state: { issuer: this.#reading.context.issuer, kind: "compaction", value } }),
      ...nativeOf(Object.keys(beside).length > 0 ? { item: beside } : undefined),
    };
  }
}

function decodeImage(item: JsonObject): Content | undefined {
  const base64 = asString(item["result"]) ?? "";
  if (base64 === "") return undefined;
  const mediaType = `image/${asString(item["output_format"]) ?? "png"}`;
  return { type: "media", kind: "image", mediaType, source: { base64 }, ...nativeOf({ item: leftover(item, ["result"]) }) };
}

function hostedOutput(item: JsonObject, callId: string, kind: HostedToolKind, text: string): Content {
  return { type: "hosted-tool-result", callId, kind, text, ...nativeOf({ item }) };
}

/** Names of the tools that a search found, those in groups by both names. */
function toolNames(tools: JsonValue | undefined, group?: string): string[] {
  return (asArray(tools) ?? []).flatMap((value) => {
    const tool = asObject(value) ?? {};
    const name = asString(tool["name"]) ?? asString(tool["type"]) ?? "";
    return tool["type"] === "namespace" ? toolNames(tool["tools"], name) : [joinedName(name, group)];
  });
}

function opaque(item: JsonObject, name: string): Content {
  return { type: "opaque", name, native: { protocol: PROTOCOL, fields: item } };
}
