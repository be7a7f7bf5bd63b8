/** Results of tools that a provider ran itself: summaries for others to show, and blocks for what others ran (rules 93, 221). */
import type { Citation, Content, HostedToolKind, HostedToolResultContent } from "../../chat/chat.ts";
import { asArray, asObject, asString, type JsonObject, type JsonValue } from "../../chat/json.ts";
import { hostedCallId, isMintedHostedId } from "./ids.ts";
import { annotations } from "./native.ts";
import { HOSTED_RESULT_KINDS } from "./wire.ts";

/** A `*_tool_result` block. What Claude said stays whole in `native`; what we made up for another vendor does not. */
export function decodeHostedResult(block: JsonObject, type: string): Content | undefined {
  const callId = asString(block["tool_use_id"]);
  const kind = HOSTED_RESULT_KINDS.get(type);
  if (callId === undefined || kind === undefined) return undefined;
  const content = block["content"];
  const sources = sourcesOf(kind, content);
  const minted = isMintedHostedId(callId);
  return {
    type: "hosted-tool-result",
    callId,
    kind,
    text: summarise(content),
    ...(sources.length > 0 && { sources }),
    ...annotations(block, minted ? ["tool_use_id", "content"] : ["tool_use_id"], minted ? undefined : { type }),
  };
}

function sourcesOf(kind: HostedToolKind, content: JsonValue | undefined): Citation[] {
  const pages = kind === "web-search" ? (asArray(content) ?? []) : kind === "web-fetch" ? [content] : [];
  return pages.flatMap((page) => {
    const fields = asObject(page);
    const url = asString(fields?.["url"]);
    const title = asString(fields?.["title"]) ?? asString(asObject(fields?.["content"])?.["title"]);
    return url === undefined ? [] : [{ url, ...(title !== undefined && { title }) }];
  });
}

/** What a result says, in words any protocol can show: texts, output, names of tools, titles with addresses, or the error's code. */
function summarise(content: JsonValue | undefined): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return joined(content.map(summarise));
  const fields = asObject(content);
  if (!fields) return "";
  const found = asString(fields["tool_name"]) ?? asString(fields["text"]) ?? asString(fields["data"]);
  if (found !== undefined) return found;
  const error = asString(fields["error_code"]);
  if (error !== undefined) return `Error: ${error}`;
  const page = [asString(fields["title"]), asString(fields["url"])].filter((part) => part !== undefined).join(": ");
  const nested = fields["content"] ?? fields["source"] ?? fields["tool_references"];
  return joined([page, asString(fields["stdout"]) ?? "", asString(fields["stderr"]) ?? "", summarise(nested)]);
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n");
}

/**
 * The block for a result that another vendor's tool gave, or `undefined` for a kind the wire has no block for.
 * Encrypted contents are empty: there is nothing Anthropic could verify.
 */
export function encodeForeignResult(result: HostedToolResultContent): JsonObject | undefined {
  const head = { tool_use_id: hostedCallId(result.callId) };
  const sources = result.sources ?? [];
  switch (result.kind) {
    case "web-search":
      return {
        type: "web_search_tool_result",
        ...head,
        content: sources.map(({ url, title }) => ({
          type: "web_search_result",
          url: url ?? "",
          title: title ?? url ?? "",
          encrypted_content: "",
          page_age: null,
        })),
      };
    case "web-fetch":
      return {
        type: "web_fetch_tool_result",
        ...head,
        content: {
          type: "web_fetch_result",
          url: sources[0]?.url ?? "",
          retrieved_at: null,
          content: {
            type: "document",
            source: { type: "text", media_type: "text/plain", data: result.text },
            title: sources[0]?.title ?? null,
            citations: null,
          },
        },
      };
    case "code-execution":
      return {
        type: "code_execution_tool_result",
        ...head,
        content: { type: "code_execution_result", stdout: result.text, stderr: "", return_code: 0, content: [] },
      };
    default:
      return undefined;
  }
}
