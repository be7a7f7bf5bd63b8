/**
 * Calls that the provider made and ran itself, with what came of them, which mostly stands in the same item (A.3.1). Others
 * are told of it in words (rules 93, 225).
 */
import type { Citation, HostedToolKind } from "../../chat/chat.ts";
import { asArray, asNumber, asObject, asString, writeJson, type JsonObject, type JsonText, type JsonValue } from "../../chat/json.ts";

/** What such an item says. */
export interface HostedItem {
  readonly kind: HostedToolKind;
  readonly name: string;
  readonly input: JsonText;
  /** What came of it, in words; absent: the item does not say. */
  readonly text?: string;
  readonly sources?: readonly Citation[];
}

/** The call that an item tells of, with its result where that stands in the same item; `undefined` for items of other types. */
export function readHostedItem(item: JsonObject): HostedItem | undefined {
  return READERS.get(asString(item["type"]) ?? "")?.(item);
}

const READERS: ReadonlyMap<string, (item: JsonObject) => HostedItem> = new Map<string, (item: JsonObject) => HostedItem>([
  ["web_search_call", readWebSearch],
  ["file_search_call", readFileSearch],
  ["code_interpreter_call", readCodeInterpreter],
  ["mcp_call", readMcpCall],
  ["tool_search_call", (item) => ({ kind: "tool-search", name: "tool_search", input: writeJson(item["arguments"] ?? {}) })],
  ["shell_call", (item) => ({ kind: "code-execution", name: "shell", input: writeJson(item["action"] ?? {}) })],
]);

/** A search, or a page that was opened or searched through. */
function readWebSearch(item: JsonObject): HostedItem {
  const action = asObject(item["action"]) ?? {};
  const url = asString(action["url"]);
  if (action["type"] !== "search" && url !== undefined) {
    const pattern = asString(action["pattern"]);
    const input = writeJson({ url, ...(pattern !== undefined && { pattern }) });
    return { kind: "web-fetch", name: "web_fetch", input, text: url, sources: [{ url }] };
  }
  const sources = (asArray(action["sources"]) ?? []).flatMap((source): Citation[] => {
    const found = asString(asObject(source)?.["url"]);
    return found === undefined ? [] : [{ url: found }];
  });
  const found = sources.length > 0 ? { text: sources.map((source) => source.url).join("\n"), sources } : {};
  return { kind: "web-search", name: "web_search", input: writeJson({ query: queryOf(action) }), ...found };
}

function queryOf({ query, queries }: JsonObject): string {
  const several = (asArray(queries) ?? []).flatMap((one) => asString(one) ?? []);
  return several.length > 0 ? several.join("; ") : (asString(query) ?? "");
}

function readFileSearch(item: JsonObject): HostedItem {
  const results = (asArray(item["results"]) ?? []).map((found) => {
    const { filename, text } = asObject(found) ?? {};
    return [asString(filename), asString(text)].filter((part) => part !== undefined).join(": ");
  });
  const input = writeJson({ query: queryOf(item) });
  return { kind: "other", name: "file_search", input, ...(results.length > 0 && { text: results.join("\n") }) };
}

function readCodeInterpreter(item: JsonObject): HostedItem {
  const outputs = asArray(item["outputs"])?.map((output) => asString(asObject(output)?.["logs"]) ?? "[image]");
  const input = writeJson({ code: asString(item["code"]) ?? "" });
  return { kind: "code-execution", name: "code_interpreter", input, ...(outputs && { text: outputs.join("\n") }) };
}

function readMcpCall(item: JsonObject): HostedItem {
  const { output, error } = item;
  const text = asString(output) ?? (error === undefined || error === null ? undefined : errorText(error));
  const input = asString(item["arguments"]) ?? "";
  return { kind: "mcp", name: asString(item["name"]) ?? "mcp", input: input === "" ? "{}" : input, ...(text !== undefined && { text }) };
}

function errorText(error: JsonValue): string {
  return `Error: ${asString(error) ?? asString(asObject(error)?.["message"]) ?? writeJson(error)}`;
}

/** Whether a shell's commands ran at the provider. */
export function isContainer(environment: JsonValue | undefined): boolean {
  return asString(asObject(environment)?.["type"])?.startsWith("container") === true;
}

/** Whether a search for tools is the client's to make. */
export function isClientsSearch({ execution, call_id: callId }: JsonObject): boolean {
  return execution === undefined || execution === null ? typeof callId === "string" : execution === "client";
}

/** What commands of a shell put out, in words. */
export function shellText(output: JsonValue | undefined): string {
  if (typeof output === "string") return output;
  const commands = (asArray(output) ?? []).map((command) => {
    const { stdout, stderr, outcome } = asObject(command) ?? {};
    return [asString(stdout) ?? "", asString(stderr) ?? "", outcomeText(asObject(outcome))].filter((text) => text !== "").join("\n");
  });
  return commands.filter((text) => text !== "").join("\n\n");
}

function outcomeText(outcome: JsonObject | undefined): string {
  if (outcome?.["type"] === "timeout") return "(timed out)";
  const code = asNumber(outcome?.["exit_code"]) ?? 0;
  return code === 0 ? "" : `(exit code ${code})`;
}
