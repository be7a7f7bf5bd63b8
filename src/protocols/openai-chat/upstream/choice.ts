/** The choice of an answer that is read, and its calls. */
import { asArray, asObject, parseJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";

/** Of several answers the first is the one: others are not asked for on a translated request. */
export function firstChoice(choices: readonly JsonValue[]): JsonObject | undefined {
  for (const value of choices) {
    const choice = asObject(value);
    const index = choice?.["index"];
    if (choice && (index === 0 || index === undefined || index === null)) return choice;
  }
  return undefined;
}

/**
 * The calls with the numbers of their arguments as they were written (rule 58).
 * @param text the body they stand in, when it was parsed without regard to that.
 */
export function exactCalls(calls: readonly JsonValue[], text: string | undefined): readonly JsonValue[] {
  if (text === undefined || !calls.some(hasObjectArguments)) return calls;
  const choice = firstChoice(asArray(asObject(parseJson(text))?.["choices"]) ?? []);
  return asArray(asObject(choice?.["delta"] ?? choice?.["message"])?.["tool_calls"]) ?? [];
}

function hasObjectArguments(call: JsonValue): boolean {
  return typeof asObject(asObject(call)?.["function"])?.["arguments"] === "object";
}
