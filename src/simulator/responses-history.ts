/**
 * The conversation of a Responses request: what it refers to is looked up, and OpenAI's rules for items that belong
 * together are kept (dossier A.3.2). Each throws the vendor's 400 or 404.
 */
import { fieldsOf, listOf, textOf, type Fields } from "./json-values.ts";
import { emptyArray, wrong, wrongType } from "./openai-refusals.ts";
import { isMade, readItem, typeOf } from "./responses-items.ts";
import type { ResponseStore } from "./responses-store.ts";
import { VendorError } from "./vendor-error.ts";

/** What the rules depend on besides the items. */
export interface HistoryContext {
  readonly store: ResponseStore;
  readonly credential: string | undefined;
  /** Whether the model gives its reasoning as text and takes it back so, without any proof. */
  readonly rawReasoning: boolean;
}

/** Calls that somebody else answers: the type of the answer, and what the call is named in errors. */
const ANSWERS: Readonly<Record<string, { readonly answer: string; readonly called: string }>> = {
  function_call: { answer: "function_call_output", called: "function call" },
  custom_tool_call: { answer: "custom_tool_call_output", called: "custom tool call" },
  tool_search_call: { answer: "tool_search_output", called: "tool search call" },
  local_shell_call: { answer: "local_shell_call_output", called: "local shell call" },
  shell_call: { answer: "shell_call_output", called: "shell call" },
  apply_patch_call: { answer: "apply_patch_call_output", called: "apply patch call" },
  computer_call: { answer: "computer_call_output", called: "computer call" },
};
const CALLED: ReadonlyMap<string, string> = new Map(Object.values(ANSWERS).map(({ answer, called }) => [answer, called]));

/** The items of a request, checked one by one; text is one message of the user's. */
export function readInput(input: unknown): readonly Fields[] {
  if (input === undefined) return [];
  if (typeof input === "string") return [{ type: "message", role: "user", content: input }];
  if (!Array.isArray(input)) throw wrongType("input", "one of a string or array of input items", input);
  if (input.length === 0) throw emptyArray("input");
  return input.map((item, index) => readItem(item, `input[${index}]`));
}

/** The items that the model sees: those before the request, then the request's own with its references looked up. */
export function wholeConversation(body: Fields, items: readonly Fields[], context: HistoryContext): readonly Fields[] {
  const previous = body["previous_response_id"];
  const before = previous === undefined ? [] : itemsBefore(textOf(previous), context);
  const own = items.map((item) => (typeOf(item) === "item_reference" ? referred(item, body, context) : completed(item, context)));
  const all = [...before, ...own];
  checkDuplicates(all);
  checkReasoning(own, body, context);
  checkCalls(all);
  return all;
}

/** The same for whoever only looks: what cannot be found is left as it is. */
export function lookedUp(body: Fields, store: ResponseStore, credential: string | undefined): readonly Fields[] {
  const { input } = body;
  const items = typeof input === "string" ? [{ type: "message", role: "user", content: input }] : listOf(input).map(fieldsOf);
  const kept = store.response(credential, textOf(body["previous_response_id"]));
  const own = items.map((item) => (typeOf(item) === "item_reference" ? (store.item(credential, textOf(item["id"]))?.item ?? item) : item));
  return kept === undefined ? own : [...kept.input, ...listOf(kept.response["output"]).map(fieldsOf), ...own];
}

function itemsBefore(id: string, { store, credential }: HistoryContext): readonly Fields[] {
  const kept = store.response(credential, id);
  if (kept === undefined)
    throw wrong(`Previous response with id '${id}' not found.`, "previous_response_id", "previous_response_not_found");
  return [...kept.input, ...listOf(kept.response["output"]).map(fieldsOf)];
}

function referred(item: Fields, body: Fields, { store, credential }: HistoryContext): Fields {
  const kept = store.item(credential, textOf(item["id"]));
  if (kept === undefined) throw notFound(textOf(item["id"]), body);
  return kept.item;
}

/** Reasoning that comes back without its seal is known by its id. */
function completed(item: Fields, { store, credential }: HistoryContext): Fields {
  if (typeOf(item) !== "reasoning" || item["encrypted_content"] !== undefined) return item;
  const sealed = store.item(credential, textOf(item["id"]))?.item["encrypted_content"];
  return sealed === undefined ? item : { ...item, encrypted_content: sealed };
}

function notFound(id: string, body: Fields): VendorError {
  const hint =
    body["store"] === false
      ? " Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input."
      : "";
  return new VendorError(404, `Item with id '${id}' not found.${hint}`, { kind: "invalid_request_error", param: "input" });
}

function checkDuplicates(items: readonly Fields[]): void {
  const seen = new Set<unknown>();
  for (const { id } of items) {
    if (id === undefined) continue;
    if (seen.has(id))
      throw wrong(`Duplicate item found with id ${textOf(id)}. Remove duplicate items from your input and try again.`, "input");
    seen.add(id);
  }
}

/** Reasoning can be read by the vendor and stands right before what it led to; what a kept answer made after reasoning stands right behind it. */
function checkReasoning(items: readonly Fields[], body: Fields, context: HistoryContext): void {
  const { store, credential } = context;
  for (const [index, item] of items.entries()) {
    const id = textOf(item["id"]);
    const kept = id === "" ? undefined : store.item(credential, id);
    if (typeOf(item) === "reasoning") {
      if (item["encrypted_content"] === undefined && kept === undefined && !context.rawReasoning) throw notFound(id, body);
      const next = items[index + 1];
      const meant = kept?.after?.["id"];
      if (next === undefined || !isMade(next) || (meant !== undefined && next["id"] !== meant))
        throw wrong(`Item '${id}' of type 'reasoning' was provided without its required following item.`, "input");
    } else if (kept?.before?.["type"] === "reasoning" && items[index - 1]?.["id"] !== kept.before["id"]) {
      const needed = textOf(kept.before["id"]);
      throw wrong(`Item '${id}' of type '${typeOf(item)}' was provided without its required 'reasoning' item: '${needed}'.`, "input");
    }
  }
}

/** Every call is answered somewhere behind it, and nothing answers what was not called. */
function checkCalls(items: readonly Fields[]): void {
  const called = new Set<string>();
  const open = new Map<string, string>();
  for (const item of items) {
    const type = typeOf(item);
    const id = callIdOf(item);
    const answers = ANSWERS[type];
    if (id === undefined) continue;
    if (answers !== undefined) {
      called.add(`${answers.answer} ${id}`);
      open.set(`${answers.answer} ${id}`, `No tool output found for ${answers.called} ${id}.`);
    } else if (CALLED.has(type)) {
      if (!called.has(`${type} ${id}`))
        throw wrong(`No tool call found for ${CALLED.get(type) as string} output with call_id ${id}.`, "input");
      open.delete(`${type} ${id}`);
    }
  }
  const [unanswered] = open.values();
  if (unanswered !== undefined) throw wrong(unanswered, "input");
}

/** The id that pairs a call with its output; searches that the vendor makes itself have none. */
function callIdOf(item: Fields): string | undefined {
  const type = typeOf(item);
  if (type === "local_shell_call_output") return textOf(item["call_id"] ?? item["id"]);
  return item["call_id"] === undefined ? undefined : textOf(item["call_id"]);
}
