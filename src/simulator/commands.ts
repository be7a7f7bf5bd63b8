/** Finds the shell commands that a user asks for, and the tool to run them with. */
import type { OfferedTool } from "./conversation.ts";
import { fieldsOf, isFields, listOf } from "./json-values.ts";
import { sampleOf } from "./schema-sample.ts";
import type { ScriptedCall } from "./types.ts";

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

/** The call that runs the command; `Name {"json": "input"}` calls the offered tool of that name. `undefined` when no offered tool can. */
export function callFor(command: string, tools: readonly OfferedTool[]): ScriptedCall | undefined {
  const direct = /^([A-Za-z_][\w.:-]*)\s+(\{.*\})$/.exec(command);
  if (direct !== null && tools.some((tool) => tool.name === direct[1])) {
    const input = jsonOf(direct[2] as string);
    if (isFields(input)) return { name: direct[1] as string, input };
  }
  const shell = shellTool(tools);
  return shell === undefined ? undefined : { name: shell.name, input: shellInput(shell, command) };
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
  return { [field]: isList ? ["bash", "-lc", command] : command, ...rest };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
