/** What operators read about the configuration, held against the schema. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { configJsonSchema } from "./json-schema.ts";
import { parseConfig } from "./load.ts";

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const reference = read("docs/configuration.md");
/** The formatter aligns tables. */
const unaligned = reference.replaceAll(/ +\|/g, " |").replaceAll(/\| +/g, "| ");
const example = read("dragoman.example.yaml");

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly default?: unknown;
}

function keysOf(node: SchemaNode): [key: string, fallback: unknown][] {
  const children = [node.items, ...(node.anyOf ?? []), node.additionalProperties].filter((child) => typeof child === "object");
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([key, child]): [string, unknown][] => [[key, child.default], ...keysOf(child)]),
    ...children.flatMap(keysOf),
  ];
}

const keys = keysOf(JSON.parse(configJsonSchema()) as SchemaNode);

test("the schema's keys are found at every depth", () => {
  expect(keys.map(([key]) => key)).toEqual(expect.arrayContaining(["server", "port", "api_key", "first_content", "targets", "rpm"]));
});

test.each(keys)("docs/configuration.md has the key %s with its default %j", (key, fallback) => {
  expect(reference.split("\n").some((line) => line.includes(`\`${key}\``) || line === `## ${key}`)).toBe(true);
  if (typeof fallback === "string" || typeof fallback === "number") expect(unaligned).toContain(`| \`${key}\` | \`${fallback}\` |`);
});

const environment = Object.fromEntries(
  ["ALICE_KEY", "ANTHROPIC_API_KEY", "GEMINI_KEY_A", "GEMINI_KEY_B", "GEMINI_KEY_C"].map((name) => [name, `value-of-${name}`]),
);

test("the example is a valid file that editors know", () => {
  expect(example.split("\n")[0]).toBe("# yaml-language-server: $schema=./dragoman.schema.json");
  const { config } = parseConfig(example, { path: "dragoman.example.yaml", environment });
  expect(config.providers.map(({ name, credentials }) => [name, credentials.length])).toEqual([
    ["anthropic", 1],
    ["google", 3],
    ["offline", 1],
  ]);
  expect(config.routes.map(({ pattern }) => pattern)).toEqual(["fast", "claude-*", "claude-sonnet-5-5", "pooled"]);
});

test("every example in the reference is valid, beside the providers it names", () => {
  const blocks = [...reference.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block ?? "");
  expect(blocks.length).toBeGreaterThan(6);
  for (const block of blocks) {
    const text = block.replace("file:/run/secrets/gemini", "plain");
    const providers = /^providers:/m.test(text)
      ? ""
      : "providers: { anthropic: { type: anthropic, credentials: [{ api_key: k }] }, google: { type: gemini, credentials: [{ api_key: k }] } }\n";
    const keys = /^server:/m.test(text) ? "keys: [{ name: a, key: k }]\n" : "";
    expect(() => parseConfig(providers + keys + text, { path: "docs/configuration.md", environment })).not.toThrow();
  }
});
