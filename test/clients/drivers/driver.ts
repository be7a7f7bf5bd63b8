/**
 * What the drivers of libraries share. A driver is called `DRIVER CLIENT TASK PROMPT`, with the gateway's URL and key in the
 * environment; it prints what the library gave, and fails when that is not what the protocol promises.
 */
import { ok } from "node:assert";
import { execFileSync } from "node:child_process";

import type { Task } from "../client.ts";

const [client, task, ownPrompt] = process.argv.slice(2);
const { GATEWAY, KEY, MODULES } = process.env;
ok(client !== undefined && task !== undefined && ownPrompt !== undefined && GATEWAY && KEY);

export const clientName = client;
export const prompt = ownPrompt;
export const gateway = GATEWAY;
export const key = KEY;
/** The folder `node_modules` of libraries that are not the project's. */
export const modules = MODULES ?? "";

/** How often an answer may call tools before the last one. */
export const mostRounds = 5;

/** The tool that runs what the prompt asks for. */
export const shell = {
  name: "run_shell",
  description: "Runs a shell command and returns its output.",
  parameters: {
    type: "object" as const,
    properties: { command: { type: "string" as const, description: "The command." } },
    required: ["command"],
    additionalProperties: false,
  },
  run: ({ command }: { readonly command: string }): string => execFileSync("/bin/bash", ["-c", command], { encoding: "utf8" }),
};

/** Prints structured output once it is what `city` says. */
export function printCity(value: unknown): void {
  const found = value as { readonly city?: unknown; readonly inhabitants?: unknown } | null;
  ok(typeof found?.city === "string" && Number.isInteger(found.inhabitants), `this is no city: ${JSON.stringify(value)}`);
  console.log(JSON.stringify(value));
}

/** Does the task that the command line names. */
export async function perform(tasks: Partial<Record<Task, () => Promise<void>>>): Promise<void> {
  const action = tasks[task as Task];
  ok(action, `${client} has no task ${task}`);
  await action();
}

/** All items of a list that comes in pages. */
export async function all<Item>(pages: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of pages) items.push(item);
  return items;
}
