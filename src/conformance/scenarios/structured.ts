/** Answers that are JSON. */
import { contains, has, same } from "../check.ts";
import { callsOf, textOf } from "../conversation.ts";
import { oneTurn, type ConversationScenario } from "../scenario.ts";
import { WEATHER } from "./fixtures.ts";

const CITY = {
  type: "object",
  properties: { city: { type: "string", description: "Its name." }, people: { type: "integer" } },
  required: ["city", "people"],
  additionalProperties: false,
};
const ANSWER = '{"city":"Paris","people":2100000}';
const TREE = {
  type: "object",
  properties: {
    root: { $ref: "#/$defs/node" },
    kind: { type: "string", enum: ["oak", "elm"] },
    note: { anyOf: [{ type: "string" }, { type: "null" }] },
  },
  required: ["root", "kind", "note"],
  additionalProperties: false,
  $defs: {
    node: { type: "object", properties: { label: { type: "string" } }, required: ["label"], additionalProperties: false },
  },
};

export const STRUCTURED: readonly ConversationScenario[] = [
  {
    id: "json-schema",
    feature: "structured output",
    title: "a JSON Schema for the answer",
    settings: { format: { name: "city", schema: CITY } },
    turns: oneTurn("A city?", { text: ANSWER }),
    check({ asked, told }) {
      const { format } = asked(0);
      has("upstream format", format, { schema: { type: "object" } });
      for (const word of ["city", "people", "integer", "Its name."]) contains("upstream schema", JSON.stringify(format), word);
      same("answer", textOf(told(0)), ANSWER);
      same("calls", callsOf(told(0)), []);
    },
  },
  {
    id: "json-schema-with-references",
    feature: "structured output",
    title: "references, enumerations and nullable members keep their meaning",
    settings: { format: { name: "tree", schema: TREE } },
    turns: oneTurn("A tree?", { text: '{"root":{"label":"r"},"kind":"oak","note":null}' }),
    check({ asked, told }) {
      const schema = JSON.stringify(asked(0).format);
      for (const word of ["root", "label", "oak", "elm", "note"]) contains("upstream schema", schema, word);
      same("answer", textOf(told(0)), '{"root":{"label":"r"},"kind":"oak","note":null}');
    },
  },
  {
    id: "json-schema-and-tools",
    feature: "structured output",
    title: "a JSON Schema beside tools: first the call, then the JSON",
    settings: { format: { name: "city", schema: CITY }, tools: [WEATHER] },
    turns: () => [
      { says: "A city and its weather?", answer: { calls: [{ name: "get_weather", input: { city: "Paris" } }], text: "" } },
      { says: { results: [{ call: 0, content: "21" }] }, answer: { text: ANSWER, calls: [] } },
    ],
    check({ asked, told }) {
      has("upstream tools", asked(0).tools, [{ name: "get_weather" }]);
      has("upstream format", asked(1).format, { schema: { type: "object" } });
      has("call", callsOf(told(0)), [{ name: "get_weather", input: { city: "Paris" } }]);
      same("answer", textOf(told(1)), ANSWER);
    },
  },
  {
    id: "json-mode",
    feature: "structured output",
    title: "any JSON",
    settings: { format: "json", system: ["Answer in JSON."] },
    excuse: ({ client }) => (client === "anthropic" ? "Messages has no JSON without a schema" : undefined),
    turns: oneTurn("A city?", { text: ANSWER }),
    check({ asked, told, upstream }) {
      if (upstream === "anthropic") contains("upstream instructions", asked(0).system.join("\n"), "JSON");
      else same("upstream format", asked(0).format, "json");
      same("answer", textOf(told(0)), ANSWER);
    },
  },
];
