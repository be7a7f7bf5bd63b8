/**
 * Names of tools in namespaces: here they are two, everywhere else one (dossier rules 68, 69). The name made of both
 * depends on the tools before it alone, so that a tool which comes later changes none.
 */
import type { Tool, ToolNamespace } from "../../chat/chat.ts";

/** A tool as this protocol names it. */
export interface WireName {
  readonly name: string;
  readonly namespace?: string;
}

/** Gives each tool of a request a name that no other has. */
export class NameGiver {
  readonly #taken = new Set<string>();

  /** The name of the next tool. */
  give({ name, namespace }: WireName): string {
    const wanted = joinedName(name, namespace);
    let given = wanted;
    for (let n = 2; this.#taken.has(given); n += 1) given = `${wanted}_${n}`;
    this.#taken.add(given);
    return given;
  }
}

/** What a tool is called that no request declares. */
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
    const group = groupOf(tool);
    const key = wireKey(group ? { name: group.tool, namespace: group.name } : { name: tool.name });
    if (!this.#byWireName.has(key)) this.#byWireName.set(key, tool.name);
    if (group) this.#members.set(group.tool, this.#members.has(group.tool) ? undefined : tool.name);
  }

  /** The neutral name of the tool that a call names. Clients may leave the namespace out where only one tool can be meant. */
  find(wire: WireName): string {
    const { name, namespace = "" } = wire;
    return this.#byWireName.get(wireKey(wire)) ?? (namespace === "" ? this.#members.get(name) : undefined) ?? joinedName(name, namespace);
  }
}

function wireKey({ name, namespace = "" }: WireName): string {
  return `${namespace}\n${name}`;
}

/** The neutral name of the tool that one call names. */
export function neutralName(wire: WireName, tools: readonly Tool[]): string {
  const finder = new NameFinder();
  for (const tool of tools) finder.add(tool);
  return finder.find(wire);
}

/** The way back: how a call of this tool is named. */
export function wireName(name: string, tools: readonly Tool[]): WireName {
  const tool = tools.find((one) => one.name === name);
  const group = tool && groupOf(tool);
  return group ? { name: group.tool, namespace: group.name } : { name };
}

/** Where a tool stands that is in a namespace. */
export function groupOf(tool: Tool): ToolNamespace | undefined {
  return tool.type === "function" || tool.type === "custom" ? tool.namespace : undefined;
}
