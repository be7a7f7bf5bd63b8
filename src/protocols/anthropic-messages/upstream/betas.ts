/** Protocol headers: the version we speak, and the betas that a body needs (A.1.1; rules 45, 431). */
import { isObject, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { VERSION } from "../wire.ts";

const TOOL_CHANGES: ReadonlySet<unknown> = new Set(["tool_addition", "tool_removal"]);

function bindsThinking({ thinking }: JsonObject): boolean {
  return isObject(thinking) && thinking["block_binding"] !== undefined;
}

/** In one order for ever (rule 431). */
const BETAS: readonly (readonly [beta: string, needs: (body: JsonObject) => boolean])[] = [
  ["mcp-client-2025-11-20", (body) => body["mcp_servers"] !== undefined],
  ["context-management-2025-06-27", (body) => body["context_management"] !== undefined],
  ["thinking-binding-controls-2026-08-01", bindsThinking],
  ["advanced-tool-use-2025-11-20", (body) => objects(body["tools"]).some((tool) => tool["defer_loading"] === true)],
  ["per-turn-control-2026-07-01", (body) => objects(body["messages"]).some((message) => message["output_config"] !== undefined)],
  [
    "mid-conversation-tool-changes-2026-07-01",
    (body) => objects(body["messages"]).some((message) => objects(message["content"]).some((block) => TOOL_CHANGES.has(block["type"]))),
  ],
];

function objects(value: JsonValue | undefined): readonly JsonObject[] {
  return (value as readonly JsonObject[] | undefined) ?? [];
}

/** Name, value, name, value. The version is one for ever, the one that still takes sampling (rule 45). */
export function protocolHeaders(body: JsonObject): string[] {
  const betas = BETAS.filter(([, needs]) => needs(body)).map(([beta]) => beta);
  return ["anthropic-version", VERSION, ...(betas.length > 0 ? ["anthropic-beta", betas.join(",")] : [])];
}
