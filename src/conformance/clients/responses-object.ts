/** What a Responses answer must hold in the end, streamed or whole (dossier A.3.3): the SDK's types promise it. */
import { isDeepStrictEqual } from "node:util";

type Fields = Readonly<Record<string, unknown>>;

/** Members that are always there, `null` or not. */
const PROMISED = [
  "id",
  "object",
  "created_at",
  "status",
  "error",
  "incomplete_details",
  "model",
  "output",
  "instructions",
  "metadata",
  "parallel_tool_calls",
  "temperature",
  "tool_choice",
  "tools",
  "top_p",
];
/** What of a request its answer repeats word for word. */
const REPEATED = ["instructions", "max_output_tokens", "parallel_tool_calls", "store", "temperature", "tool_choice", "top_p"];

/**
 * What is wrong with an answer that came to its end, in words.
 * @param asked the request's own members.
 */
export function responseFaults(response: Fields, asked: Fields): string[] {
  const wrong = PROMISED.filter((name) => response[name] === undefined).map((name) => `the response has no ${name}`);
  if (response["object"] !== "response") wrong.push(`object is ${String(response["object"])}`);
  if (!Number.isInteger(response["created_at"])) wrong.push(`created_at is ${String(response["created_at"])}`);
  for (const name of REPEATED) {
    const told = response[name];
    if (asked[name] !== undefined && !isDeepStrictEqual(told, asked[name])) wrong.push(`${name} is repeated as ${JSON.stringify(told)}`);
  }
  const tools = namesOf(response["tools"]);
  if (!isDeepStrictEqual(tools, namesOf(asked["tools"]))) wrong.push(`the tools are repeated as ${tools.join(", ") || "none"}`);
  return [...wrong, ...itemFaults(listOf(response["output"])), ...usageFaults(response["usage"] as Fields | null | undefined)];
}

/** Tools by type and name, those of a group by the group's name too. */
function namesOf(tools: unknown, group = ""): string[] {
  return listOf(tools).flatMap((tool) => {
    const name = `${group}${String(tool["name"] ?? tool["type"])}`;
    return tool["type"] === "namespace" ? namesOf(tool["tools"], `${name}.`) : [name];
  });
}

function itemFaults(items: readonly Fields[]): string[] {
  const wrong: string[] = [];
  const ids = items.map(({ id }) => id);
  if (!ids.every((id) => typeof id === "string" && id !== "")) wrong.push("an item has no id");
  if (new Set(ids).size !== ids.length) wrong.push("two items have one id");
  for (const { id, type, status, arguments: input } of items)
    if (type === "function_call" && status === "completed" && !isJson(input)) wrong.push(`half a call, ${String(id)}, is told as complete`);
  return wrong;
}

/** Either nothing is told of tokens, or all of it (rules 257, 424). */
function usageFaults(usage: Fields | null | undefined): string[] {
  if (!usage) return [];
  const { input_tokens: input, output_tokens: output, total_tokens: total } = usage;
  const { cached_tokens: read, cache_write_tokens: written } = (usage["input_tokens_details"] ?? {}) as Fields;
  const { reasoning_tokens: reasoning } = (usage["output_tokens_details"] ?? {}) as Fields;
  const wrong = [input, output, total, read, written, reasoning].every((count) => Number.isInteger(count))
    ? []
    : ["a count of tokens is missing"];
  return total === Number(input) + Number(output) ? wrong : [...wrong, `${String(total)} tokens are not the sum of both kinds`];
}

function isJson(text: unknown): boolean {
  try {
    JSON.parse(String(text));
    return true;
  } catch {
    return false;
  }
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? (value as Fields[]) : [];
}
