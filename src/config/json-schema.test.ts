import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { configJsonSchema } from "./json-schema.ts";

const committed = readFileSync(new URL("../../dragoman.schema.json", import.meta.url), "utf8");

test("dragoman.schema.json is what the schema gives; else run `npx node scripts/write-schema.ts`", () => {
  expect(committed).toBe(configJsonSchema());
});

/** An independent reading of the JSON schema: zod builds a validator from the file's text. */
const validator = z.fromJSONSchema(JSON.parse(committed) as z.core.JSONSchema.JSONSchema);

const provider = { type: "gemini", credentials: [{ api_key: "env:GEMINI_KEY_A" }] };

test.each<[string, unknown]>([
  ["an empty file", {}],
  ["ports as numbers, digits and references", { server: { port: 8317, heartbeat: "env:HEARTBEAT", max_body_bytes: "env:MAX" } }],
  ["a provider by reference", { providers: { google: { ...provider, type: "env:TYPE" } } }],
  ["every form of a target", { models: { a: "google/x", b: ["google/x"], c: { targets: ["google/x"], strategy: "round-robin" } } }],
  ["settings that are not implemented yet, whose form is known", { keys: [{ name: "a", key: "k", limits: { rpm: 1 } }] }],
])("editors accept %s", (_name, value) => {
  expect(validator.safeParse(value).success).toBe(true);
});

test.each<[string, unknown]>([
  ["an unknown key", { serve: {} }],
  ["an unknown key of a provider", { providers: { google: { ...provider, credentails: [] } } }],
  ["a mistyped type", { providers: { google: { ...provider, type: "gemni" } } }],
  ["a type that is not implemented yet", { providers: { aws: { ...provider, type: "bedrock" } } }],
  ["a duration without a unit", { server: { heartbeat: "15" } }],
  ["a port out of range", { server: { port: 70_000 } }],
  ["a target of a wrong form", { models: { a: 3 } }],
])("editors mark %s", (_name, value) => {
  expect(validator.safeParse(value).success).toBe(false);
});
