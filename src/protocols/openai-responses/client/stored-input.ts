/** The items of a request's input as they stand in its bytes, and which of them say too little without what is kept (A.3.2). */
import { scanArray, scanMembers, type Span } from "../../../wire/json-scan.ts";
import { lookalike, memberValue } from "../../shared/body-peek.ts";
import { refuse, refuseMissing } from "../../shared/openai-fields.ts";
import type { ItemReference } from "../../stateful.ts";
import { checkedId } from "./stored-ids.ts";

/** One item of the input. */
export interface InputElement {
  readonly span: Span;
  readonly field: string;
  /** Empty where it is a message without one. */
  readonly type: string;
  readonly id?: string;
  readonly lacks: ItemReference["lacks"];
}

/** Members that decide what an item is: no upstream may read another one for them. */
const DECISIVE: ReadonlySet<string> = new Set(["type", "id", "role", "encrypted_content", "result"]);

/** What item has which of its members filled in when it is whole (rules 433, 434). */
const WHOLE_WITH: ReadonlyMap<string, readonly [member: string, lacks: ItemReference["lacks"]]> = new Map([
  ["reasoning", ["encrypted_content", "state"]],
  // A picture is drawn further by naming the call that made it.
  ["image_generation_call", ["result", "everything"]],
]);

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

const refusals = { notJson: (problem: string): never => refuse("input", `We could not parse the 'input' of your request${problem}.`) };

/** The items; none when the input is no list. @throws GatewayError `invalid-request`, naming the field. */
export function readInput(body: Buffer, input: Span | undefined): readonly InputElement[] {
  if (!input || body[input.start] !== OPEN_BRACKET) return [];
  try {
    return scanArray(body, input).map((span, i) => readElement(body, span, `input[${i}]`));
  } catch (error) {
    if (error instanceof SyntaxError) return refusals.notJson(` (${error.message})`);
    throw error;
  }
}

function readElement(body: Buffer, span: Span, field: string): InputElement {
  if (body[span.start] !== OPEN_BRACE) return { span, field, type: "", lacks: "nothing" };
  const members = scanMembers(body, span);
  for (const key of members.keys()) {
    if (lookalike(key, DECISIVE) !== undefined) refuse(`${field}.${key}`, `Unknown parameter: '${field}.${key}'.`, "unknown_parameter");
  }
  const text = (name: string): string | undefined => {
    const value = memberValue(body, members.get(name), name, refusals);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const type = text("type") ?? "";
  const given = text("id");
  const id = given === undefined ? undefined : checkedId(given, `${field}.id`);
  // The type of a reference may be left out.
  const named = type === "item_reference" || (type === "" && !members.has("role") && id !== undefined);
  if (named && id === undefined) refuseMissing(`${field}.id`);
  const [member, lacks] = WHOLE_WITH.get(type) ?? [];
  const isWhole = member === undefined || text(member) !== undefined || id === undefined;
  return { span, field, type, ...(id !== undefined && { id }), lacks: named ? "everything" : isWhole ? "nothing" : (lacks ?? "nothing") };
}
