/**
 * Names of tools in namespaces: here they are two, everywhere else one (dossier rules 68, 69). The name made of both
 * depends on the tools before it alone, so that a tool which comes later changes none.
 */
import type { Tool } from "../../chat/chat.ts";
import { toolNamed } from "../shared/tool-lookup.ts";

/** A tool as this protocol names it. */
export interface WireName {
  readonly name: string;
  readonly namespace?: string;
}

/** The name made of both. */
export function joinedName(name: string, namespace: string | undefined): string {
  return namespace === undefined || namespace === "" ? name : `${namespace}__${name}`;
}

/** Finds the tools that calls name. */
export class NameFinder {
  readonly #byWireName = new Map<string, string>();
  /** Tools in namespaces, by what they are called there; `undefined` where several are called so. */
  readonly #members = new Map<string, string | undefined>();

  /** One more tool; of several that the wire calls alike the first is found. */
  add(tool: Tool): void {
    const wire = ownName(tool);
    const key = wireKey(wire);
    if (!this.#byWireName.has(key)) this.#byWireName.set(key, tool.name);
    if (wire.namespace !== undefined) this.#members.set(wire.name, this.#members.has(wire.name) ? undefined : tool.name);
  }

  /** The neutral name of the tool that a call names. Clients may leave the namespace out where only one tool can be meant. */
  find(wire: WireName): string {
    const { name, namespace = "" } = wire;
    return this.#byWireName.get(wireKey(wire)) ?? (namespace === "" ? this.#members.get(name) : undefined) ?? joinedName(name, namespace);
  }
}

/** Both names as a key. */
export function wireKey({ name, namespace = "" }: WireName): string {
  return `${namespace}\n${name}`;
}

/** Finds the tools of a whole list. */
export function finderOf(tools: readonly Tool[]): NameFinder {
  const finder = new NameFinder();
  for (const tool of tools) finder.add(tool);
  return finder;
}

/** The way back: how a call of the tool of this name is named. */
export function wireName(name: string, tools: readonly Tool[]): WireName {
  const tool = toolNamed(tools, name);
  return tool ? ownName(tool) : { name };
}

/** How this protocol names a tool. */
export function ownName(tool: Tool): WireName {
  const group = tool.type === "function" || tool.type === "custom" ? tool.namespace : undefined;
  return group ? { name: group.tool, namespace: group.name } : { name: tool.name };
}
