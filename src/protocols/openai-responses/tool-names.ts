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

/** The neutral name of the tool that a call names. Clients may leave the namespace out where only one tool can be meant. */
export function neutralName({ name, namespace }: WireName, tools: readonly Tool[]): string {
  const exact = tools.find((tool) => {
    const group = groupOf(tool);
    return namespace === undefined || namespace === "" ? !group && tool.name === name : group?.name === namespace && group.tool === name;
  });
  if (exact) return exact.name;
  const meant = namespace === undefined ? tools.filter((tool) => groupOf(tool)?.tool === name) : [];
  return (meant.length === 1 && meant[0]?.name) || joinedName(name, namespace);
}

/** The way back: how a call of this tool is named. */
export function wireName(name: string, tools: readonly Tool[]): WireName {
  const tool = tools.find((one) => one.name === name);
  const group = tool && groupOf(tool);
  return group ? { name: group.tool, namespace: group.name } : { name };
}

function groupOf(tool: Tool): ToolNamespace | undefined {
  return tool.type === "function" || tool.type === "custom" ? tool.namespace : undefined;
}
