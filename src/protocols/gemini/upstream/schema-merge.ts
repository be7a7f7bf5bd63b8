/** `allOf` written out (rule 109), for dialects that do not have it. */
import { asArray, asObject, asString, writeJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";

/** Characters of definitions that may be written out per schema: one that needs more is built to explode. */
const MAX_WRITTEN_OUT = 1_000_000;
/** What writing out costs beside the characters, so that tiny definitions end too. */
const COST_PER_REFERENCE = 1000;

/** Follows the references of one root schema, as far as is sane. */
export class References {
  readonly #root: JsonObject;
  readonly #sizes = new Map<string, number>();
  #budget = MAX_WRITTEN_OUT;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  /**
   * The definition a local reference names (`#/$defs/Name`).
   * @param following references that lead here already: a recursive one is not followed again.
   * @returns `undefined` when there is none, or when writing it out would not end.
   */
  resolve(reference: string, following: readonly string[]): JsonObject | undefined {
    const target = following.includes(reference) ? undefined : lookUp(this.#root, reference);
    if (!target) return undefined;
    const size = this.#sizes.get(reference) ?? writeJson(target).length;
    this.#sizes.set(reference, size);
    this.#budget -= size + COST_PER_REFERENCE;
    return this.#budget < 0 ? undefined : target;
  }
}

function lookUp(root: JsonObject, reference: string): JsonObject | undefined {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  let at: JsonValue | undefined = root;
  for (const step of reference.slice(2).split("/")) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    const elements: readonly JsonValue[] | undefined = asArray(at);
    at = elements ? elements[Number(key)] : ownValue(asObject(at) ?? {}, key);
  }
  return asObject(at);
}

/** Merges the `allOf`s of one root schema. */
export class BranchMerger {
  readonly #references: References;

  constructor(root: JsonObject) {
    this.#references = new References(root);
  }

  /**
   * Takes the branches of `allOf` into the schema itself (rule 109); where two disagree the later is worded.
   * @param following the references that lead here; those that are written out are added.
   */
  merge(schema: JsonObject, notes: Record<string, JsonValue>, following: string[]): JsonObject {
    const { allOf, ...own } = schema;
    const branches = asArray(allOf);
    const [only] = branches ?? [];
    const reference = asObject(only)?.["$ref"];
    const lone = branches?.length === 1 && reference !== undefined && Object.keys(only as JsonObject).length === 1;
    return lone && own["$ref"] === undefined ? { ...own, $ref: reference } : this.#merge(schema, notes, following);
  }

  #merge(schema: JsonObject, notes: Record<string, JsonValue>, following: string[]): JsonObject {
    const { allOf, ...own } = schema;
    const branches = asArray(allOf);
    if (!branches) return schema;
    let merged: JsonObject = own;
    for (const branch of branches) merged = this.#mergeBranch(merged, asObject(branch) ?? {}, notes, following);
    return merged;
  }

  #mergeBranch(base: JsonObject, branch: JsonObject, notes: Record<string, JsonValue>, following: string[]): JsonObject {
    const reference = asString(branch["$ref"]);
    if (reference === undefined) return mergeSchemas(base, this.#merge(branch, notes, following), notes);
    const { $ref: _ref, ...beside } = branch;
    const target = this.#references.resolve(reference, following);
    if (target) following.push(reference);
    else notes["allOf"] = [...(asArray(notes["allOf"]) ?? []), { $ref: reference }];
    const merged = target ? this.#mergeBranch(base, target, notes, following) : base;
    return mergeSchemas(merged, this.#merge(beside, notes, following), notes);
  }
}

function mergeSchemas(base: JsonObject, more: JsonObject, notes: Record<string, JsonValue>): Record<string, JsonValue | undefined> {
  const merged: Record<string, JsonValue | undefined> = { ...base };
  for (const [key, value] of Object.entries(more)) {
    const present = merged[key];
    if (value === undefined) continue;
    if (present === undefined || key === "$schema") merged[key] = present ?? value;
    else if (key === "properties") merged[key] = mergeProperties(asObject(present) ?? {}, asObject(value) ?? {});
    else if (key === "required") merged[key] = [...new Set([...(asArray(present) ?? []), ...(asArray(value) ?? [])])];
    else if (key === "additionalProperties") merged[key] = present === false || value === false ? false : present;
    else if (key !== "description" && key !== "title" && writeJson(present) !== writeJson(value)) notes[key] = value;
  }
  return merged;
}

/** A property that both sides describe must be what both say. */
function mergeProperties(base: JsonObject, more: JsonObject): JsonObject {
  const names = [...new Set([...Object.keys(base), ...Object.keys(more)])];
  return Object.fromEntries(
    names.map((name) => {
      const [first, second] = [ownValue(base, name), ownValue(more, name)];
      if (first === undefined || second === undefined) return [name, first ?? second];
      return [name, writeJson(first) === writeJson(second) ? first : { allOf: [first, second] }];
    }),
  );
}

function ownValue(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
