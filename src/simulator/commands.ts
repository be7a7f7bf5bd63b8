/** Finds the shell commands that a user asks for, and the tool to run them with. */
import type { OfferedTool } from "./conversation.ts";
import { fieldsOf, isFields, listOf } from "./json-values.ts";
import { sampleOf } from "./schema-sample.ts";
import type { ScriptedBlock, ScriptedCall } from "./types.ts";

/** Names that shell tools have in the clients we know, best first. */
const SHELL_NAMES = [
  "Bash",
  "bash",
  "exec_command",
  "shell_command",
  "shell",
  "run_shell_command",
  "local_shell",
  "run_shell",
  "execute",
  "exec",
];
const COMMAND_FIELDS = ["command", "cmd", "script", "commands"];

const ASKS = /\b(?:run|execute|call|use|read)\b[^`]*`[^`\n]+`/i;
const STARTS_BY_ASKING = /^\s*(?:please\s+)?(?:run|execute|call|use|read)\b/i;
/** Clients put context of their own beside the user's words, in such tags. */
const CONTEXT = /^\s*<[a-z][\w-]*>/i;

/** Which of a turn's texts is the user speaking: rather one that starts by asking for a command, else one that asks at all, else the first. */
export function speechOf(texts: readonly string[]): string {
  const spoken = texts.filter((text) => !CONTEXT.test(text) && text.trim() !== "");
  const asking = spoken.filter((text) => ASKS.test(text));
  return asking.find((text) => STARTS_BY_ASKING.test(text)) ?? asking[0] ?? spoken[0] ?? texts[0] ?? "";
}

/**
 * The backticked commands of "Run `a` and `b`, then `c`", in rounds: those of one round are called in parallel, "then" starts the next.
 * Empty when the speech asks for none.
 */
export function commandRounds(speech: string): string[][] {
  if (!ASKS.test(speech)) return [];
  const rounds: string[][] = [[]];
  for (const [token, command] of speech.matchAll(/`([^`\n]+)`|\bthen\b/gi)) {
    if (command !== undefined) rounds.at(-1)?.push(command);
    else if (token !== undefined) rounds.push([]);
  }
  return rounds.filter((round) => round.length > 0);
}

/**
 * The call that runs the command; `Name {"json": "input"}` calls the offered tool of that name, and `Name free text` the one
 * that takes free text. `undefined` when no offered tool can.
 */
export function callFor(command: string, tools: readonly OfferedTool[]): ScriptedCall | undefined {
  const inCode = nestedCall(command, tools) ?? `exec_command(${JSON.stringify({ cmd: command })})`;
  return directCall(command, tools) ?? shellCall(command, tools) ?? codeCall(inCode, tools);
}

/** The call that applies the patch which the speech holds, from its first line to its last. */
export function patchCall(speech: string, tools: readonly OfferedTool[]): ScriptedCall | undefined {
  const patch = /^\*\*\* Begin Patch$.*^\*\*\* End Patch$/ms.exec(speech)?.[0];
  if (patch === undefined) return undefined;
  return textCall(/patch/i, patch, tools) ?? codeCall(`apply_patch(${JSON.stringify(patch)})`, tools);
}

/** What a scripted call is called by, where the tools may have come under other names and in other forms. */
export function asOffered({ asOffered: loosely, ...call }: ScriptedCall, tools: readonly OfferedTool[]): ScriptedCall {
  if (loosely === undefined) return call;
  const named = tools.filter(({ name }) => name.endsWith(call.name));
  const inGroup = named.find((tool) => (tool.namespace ?? tool.name).includes(call.namespace ?? ""));
  const tool = inGroup ?? named[0];
  if (tool === undefined) return call;
  const { namespace: _, ...rest } = call;
  const renamed = { ...rest, name: tool.name, ...inNamespace(tool) };
  if (call.custom !== true || tool.kind === "custom") return renamed;
  const [member = "input"] = Object.keys(fieldsOf(fieldsOf(tool.schema)["properties"]));
  const { arguments: text, custom: _custom, ...whole } = renamed;
  return { ...whole, input: { [member]: text } };
}

/** The same for a block of an answer. */
export function blockAsOffered(block: ScriptedBlock, tools: readonly OfferedTool[]): ScriptedBlock {
  if (block.type !== "call") return block;
  const { signed, sizes } = block;
  return { ...asOffered(block, tools), type: "call", ...(signed !== undefined && { signed }), ...(sizes && { sizes }) };
}

/** The tool's group, as a call names it. */
export function inNamespace({ namespace }: OfferedTool): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}

function directCall(command: string, tools: readonly OfferedTool[]): ScriptedCall | undefined {
  const [, name, input] = /^([A-Za-z_][\w.:-]*)\s+(.*)$/.exec(command) ?? [];
  const tool = tools.find((candidate) => candidate.name === name || `${candidate.namespace}.${candidate.name}` === name);
  if (tool === undefined || input === undefined) return undefined;
  if (tool.kind === "custom") return { name: tool.name, ...inNamespace(tool), arguments: input, custom: true };
  const parsed = jsonOf(input);
  return isFields(parsed) ? { name: tool.name, ...inNamespace(tool), input: parsed } : undefined;
}

function shellCall(command: string, tools: readonly OfferedTool[]): ScriptedCall | undefined {
  const shell = shellTool(tools);
  return shell === undefined ? undefined : { name: shell.name, ...inNamespace(shell), input: shellInput(shell, command) };
}

/** A tool that takes a program, which calls the other tools (Codex calls it `exec`). */
function codeCall(call: string, tools: readonly OfferedTool[]): ScriptedCall | undefined {
  const program = `const r = await tools.${call};\nif (r.image_url) image(r.image_url); else text(r.output ?? r);\n`;
  return textCall(/(?:^|__)exec$/, program, tools);
}

/** The call of a tool that programs alone can reach: the description of the tool which takes them tells of it. */
function nestedCall(command: string, tools: readonly OfferedTool[]): string | undefined {
  const [, name = "", input = ""] = /^(\w+)\s+(\{.*\})$/.exec(command) ?? [];
  const told = name !== "" && tools.some(({ description }) => description?.includes(` ${name}(`));
  return told && isFields(jsonOf(input)) ? `${name}(${input})` : undefined;
}

/** A call of the tool that takes free text, also where its group and its form were lost on the way: then it has one field, `input`. */
function textCall(name: RegExp, text: string, tools: readonly OfferedTool[]): ScriptedCall | undefined {
  const tool = tools.find((candidate) => name.test(candidate.name) && takesText(candidate));
  return tool && asOffered({ name: tool.name, arguments: text, custom: true, asOffered: true }, [tool]);
}

function takesText({ kind, schema }: OfferedTool): boolean {
  const [field, ...others] = Object.keys(fieldsOf(fieldsOf(schema)["properties"]));
  return kind === "custom" || (field === "input" && others.length === 0);
}

function shellTool(tools: readonly OfferedTool[]): OfferedTool | undefined {
  const able = tools.filter((tool) => commandField(tool) !== undefined);
  for (const name of SHELL_NAMES) {
    const tool = able.find((candidate) => candidate.name === name);
    if (tool !== undefined) return tool;
  }
  return able.find((tool) => /shell|bash|exec|command|terminal/i.test(tool.name));
}

function commandField(tool: OfferedTool): string | undefined {
  const properties = fieldsOf(fieldsOf(tool.schema)["properties"]);
  return COMMAND_FIELDS.find((field) => properties[field] !== undefined);
}

function shellInput(tool: OfferedTool, command: string): unknown {
  const field = commandField(tool) as string;
  const schema = fieldsOf(tool.schema);
  const type = fieldsOf(fieldsOf(schema["properties"])[field])["type"];
  const isList = [type, ...listOf(type)].some((name) => String(name).toLowerCase() === "array");
  const required = listOf(schema["required"]);
  const others = required.filter((name) => name !== field);
  const rest = others.length === 0 ? {} : fieldsOf(sampleOf({ ...schema, required: others }));
  // A list is the command's words, but for the one member that is a list of commands.
  const value = !isList ? command : field === "commands" ? [command] : ["bash", "-lc", command];
  return { [field]: value, ...rest };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
