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

/** Gives each tool of a request a name that no other has. */
export class NameGiver {
  readonly #taken = new Set<string>();
  /** How often each name was wanted: where the search for a free one goes on. */
  readonly #wanted = new Map<string, number>();

  /** The name of the next tool. */
  give({ name, namespace }: WireName): string {
    const wanted = joinedName(name, namespace);
    let n = this.#wanted.get(wanted) ?? 0;
    let given: string;
    do {
      n += 1;
      given = n === 1 ? wanted : `${wanted}_${n}`;
    } while (this.#taken.has(given));
    this.#taken.add(given);
    this.#wanted.set(wanted, n);
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

function wireKey({ name, namespace = "" }: WireName): string {
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
