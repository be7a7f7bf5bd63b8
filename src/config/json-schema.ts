/** The configuration's JSON schema, which editors complete and check from. */
import { z } from "zod";
import { configSchema } from "./schema.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

const REFERENCE = "^(?:env|file):.+";

/** The text of `dragoman.schema.json`. The program resolves references first, so the schema allows one where any text of a form stands. */
export function configJsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, { io: "input", override: ({ jsonSchema }) => allowReference(jsonSchema) });
  const { $schema, ...rest } = schema;
  return `${JSON.stringify({ $schema, title: "dragoman.yaml", ...rest }, null, 2)}\n`;
}

function allowReference(schema: JsonSchema): void {
  // One schema may be visited more than once.
  if (schema.pattern !== undefined && !schema.pattern.endsWith(REFERENCE)) schema.pattern = `${schema.pattern}|${REFERENCE}`;
  if (schema.enum === undefined) return;
  const { type, enum: values } = schema;
  delete schema.type;
  delete schema.enum;
  schema.anyOf = [
    { ...(type !== undefined && { type }), enum: values },
    { type: "string", pattern: REFERENCE },
  ];
}
