/** A tool's input as protocols demand it: an object at the root, with no alternatives there (dossier rule 116). */
import { asArray, asObject, type JsonObject } from "../../chat/json.ts";

/** A schema, and whether it says less than the caller's did. */
export interface ObjectSchema {
  readonly schema: JsonObject;
  readonly lost: boolean;
}

const COMBINATORS = ["anyOf", "oneOf", "allOf"];

/** Alternatives at the root become one object that allows all of them. Doing it again changes nothing (rule 121). */
export function objectSchema(schema: JsonObject): ObjectSchema {
  const typed = schema["type"] === "object" ? schema : { ...schema, type: "object" };
  const branches = COMBINATORS.flatMap((key) => (asArray(typed[key]) ?? []).map((branch) => asObject(branch) ?? {}));
  if (branches.length === 0) return { schema: typed, lost: schema["type"] !== undefined && schema["type"] !== "object" };
  const { anyOf: _anyOf, oneOf: _oneOf, allOf, ...rest } = typed;
  const properties = Object.assign({}, ...branches.map((branch) => branch["properties"] ?? {}), rest["properties"] ?? {}) as JsonObject;
  const required = allOf ? branches.flatMap((branch) => asArray(branch["required"]) ?? []) : [];
  const all = [...new Set([...(asArray(rest["required"]) ?? []), ...required])];
  return { schema: { ...rest, properties, ...(all.length > 0 && { required: all }) }, lost: true };
}
