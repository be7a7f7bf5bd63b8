/** `allOf` written out (rule 109), for dialects that do not have it. */
import { asArray, asObject, asString, writeJson, type JsonObject, type JsonValue } from "../../chat/json.ts";

/** References followed per schema while merging; a schema that needs more is built to explode. */
const MAX_RESOLVED = 256;

/** The definition a local reference names (`#/$defs/Name`), or `undefined`. */
export function resolveReference(root: JsonObject, reference: string): JsonObject | undefined {
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
  readonly #root: JsonObject;
  #resolved = 0;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  /** Takes the branches of `allOf` into the schema itself (rule 109); where two disagree the later is worded. */
  mergeAll(schema: JsonObject, notes: Record<string, JsonValue>, following: readonly string[] = []): JsonObject {
    const { allOf, ...own } = schema;
    const branches = asArray(allOf);
    if (!branches) return schema;
    const [only] = branches;
    const reference = asObject(only)?.["$ref"];
    if (branches.length === 1 && reference !== undefined && own["$ref"] === undefined && Object.keys(only as JsonObject).length === 1) {
      return { ...own, $ref: reference };
    }
    let merged: JsonObject = own;
    for (const branch of branches) merged = this.#mergeBranch(merged, asObject(branch) ?? {}, notes, following);
    return merged;
  }

  #mergeBranch(base: JsonObject, branch: JsonObject, notes: Record<string, JsonValue>, following: readonly string[]): JsonObject {
    const reference = asString(branch["$ref"]);
    if (reference === undefined) return mergeSchemas(base, this.mergeAll(branch, notes, following), notes);
    const { $ref: _ref, ...beside } = branch;
    this.#resolved += 1;
    const target = following.includes(reference) || this.#resolved > MAX_RESOLVED ? undefined : resolveReference(this.#root, reference);
    if (!target) notes["allOf"] = [...(asArray(notes["allOf"]) ?? []), { $ref: reference }];
    const merged = target ? this.#mergeBranch(base, target, notes, [...following, reference]) : base;
    return mergeSchemas(merged, this.mergeAll(beside, notes, following), notes);
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
