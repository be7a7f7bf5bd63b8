/** Names of tools on the wire: two where the server knows groups, one where it does not (rules 68–72). */
import type { Tool } from "../../../chat/chat.ts";
import { legalName } from "../../shared/legal-names.ts";
import type { ResponsesDialect } from "../../responses-dialect.ts";
import { finderOf, ownName, wireKey, wireName, type NameFinder, type WireName } from "../tool-names.ts";
import { NAME_LAW } from "../wire.ts";

/** What a tool is called on the wire. */
export function encodeToolName(name: string, tools: readonly Tool[], { namespaces }: ResponsesDialect): WireName {
  return namespaces ? legal(wireName(name, tools)) : { name: legalName(name, NAME_LAW) };
}

function legal({ name, namespace }: WireName): WireName {
  return { name: legalName(name, NAME_LAW), ...(namespace !== undefined && { namespace: legalName(namespace, NAME_LAW) }) };
}

/** The caller's own names of the tools that an answer names, in either way; of one that nobody offered, both names in one. */
export class CalledNames {
  readonly #tools: readonly Tool[];
  #byName: ReadonlyMap<string, string> | undefined;
  #finder: NameFinder | undefined;

  constructor(tools: readonly Tool[]) {
    this.#tools = tools;
  }

  /** The neutral name. */
  find(given: WireName): string {
    // Most answers call nothing.
    this.#byName ??= namesOnWire(this.#tools);
    this.#finder ??= finderOf(this.#tools);
    return this.#byName.get(wireKey(given)) ?? this.#byName.get(wireKey({ name: given.name })) ?? this.#finder.find(given);
  }
}

/** Neutral names by those on the wire: as one of a group, and as the whole name. Of several alike the first counts. */
function namesOnWire(tools: readonly Tool[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const wires of [(tool: Tool) => legal(ownName(tool)), ({ name }: Tool) => ({ name: legalName(name, NAME_LAW) })]) {
    for (const tool of tools) {
      const wire = wireKey(wires(tool));
      if (!names.has(wire)) names.set(wire, tool.name);
    }
  }
  return names;
}
