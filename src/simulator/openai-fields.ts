/**
 * OpenAI's requests as objects: each has fields of known names and types. Unknown names and wrong types are refused with
 * the field's path; `null` counts as absent, as there (rule 208).
 */
import { isFields, type Fields } from "./json-values.ts";
import { jsonTypeOf, unknownParameter, withArticle, wrongType } from "./openai-refusals.ts";

/** A JSON type, or the name of an object of the same table, or a list of such objects. */
type FieldType<Name extends string> = "string" | "number" | "integer" | "boolean" | "object" | "array" | "any" | Name | `${Name}[]`;

/** The fields of each object, by the object's name. */
export type ObjectTable<Name extends string> = Readonly<Record<Name, Readonly<Record<string, FieldType<Name>>>>>;

/** Reads one of a table's objects: gives it without its nulls, or throws OpenAI's 400. `path` is "" for the body itself. */
export type ObjectReader<Name extends string> = (value: unknown, name: Name, path: string) => Fields;

export function objectReader<Name extends string>(table: ObjectTable<Name>): ObjectReader<Name> {
  const isName = (type: string): type is Name => Object.hasOwn(table, type);

  const readObject: ObjectReader<Name> = (value, name, path) => {
    if (!isFields(value)) throw wrongType(path, "an object", value);
    const types: Readonly<Record<string, string>> = table[name];
    const read: Record<string, unknown> = {};
    for (const [key, child] of Object.entries(value)) {
      const type = types[key];
      const at = path === "" ? key : `${path}.${key}`;
      if (type === undefined) throw unknownParameter(at);
      if (child !== null) read[key] = readValue(child, type, at);
    }
    return read;
  };

  const readValue = (value: unknown, type: string, path: string): unknown => {
    if (type === "any") return value;
    if (type.endsWith("[]")) {
      if (!Array.isArray(value)) throw wrongType(path, "an array of objects", value);
      return value.map((item, index) => readObject(item, type.slice(0, -2) as Name, `${path}[${index}]`));
    }
    if (isName(type)) return readObject(value, type, path);
    const given = jsonTypeOf(value);
    if (given !== type && !(type === "number" && given === "integer")) throw wrongType(path, withArticle(type), value);
    return value;
  };

  return readObject;
}
