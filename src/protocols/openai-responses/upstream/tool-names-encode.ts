/** Names of tools on the wire: two where the server knows groups, one where it does not (rules 68–72). */
import type { ChatRequest, Tool } from "../../../chat/chat.ts";
import { legalName } from "../../shared/legal-names.ts";
import type { ResponsesDialect } from "../../responses-dialect.ts";
import { neutralName, wireName, type WireName } from "../tool-names.ts";
import { NAME_LAW } from "../wire.ts";

/** What a tool is called on the wire. */
export function encodeToolName(name: string, tools: readonly Tool[], { namespaces }: ResponsesDialect): WireName {
  return namespaces ? legalWireName(name, tools) : { name: legalName(name, NAME_LAW) };
}

function legalWireName(neutral: string, tools: readonly Tool[]): WireName {
  const { name, namespace } = wireName(neutral, tools);
  return { name: legalName(name, NAME_LAW), ...(namespace !== undefined && { namespace: legalName(namespace, NAME_LAW) }) };
}

/** The caller's own name of a tool that an answer names in either way; of one that nobody offered, both names in one. */
export function decodeToolName(given: WireName, request: ChatRequest | undefined): string {
  const tools = request?.tools ?? [];
  const found = tools.find(({ name }) => {
    const wire = legalWireName(name, tools);
    return wire.name === given.name && (wire.namespace ?? "") === (given.namespace ?? "");
  });
  return (found ?? tools.find(({ name }) => legalName(name, NAME_LAW) === given.name))?.name ?? neutralName(given, tools);
}
