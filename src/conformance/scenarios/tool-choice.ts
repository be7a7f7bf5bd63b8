/** What the client says about its tools: which, whether, how many at once; and names and schemas as they were. */
import { contains, has, holds, same } from "../check.ts";
import { callsOf } from "../conversation.ts";
import { callsIn } from "../look.ts";
import { FINE, isOpenAi, oneTurn, type ConversationScenario } from "../scenario.ts";
import { CLOCK, WEATHER } from "./fixtures.ts";

const BOTH = [WEATHER, CLOCK];
const LONG = `mcp__${"very_long_server_name_".repeat(4)}list_things`;
const RICH = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    from: { $ref: "#/$defs/place", description: "Where it starts" },
    class: { type: "string", enum: ["first", "second"] },
    seat: { anyOf: [{ type: "string", enum: ["aisle", "window"] }, { type: "null" }] },
    nights: { type: ["integer", "null"], minimum: 1 },
  },
  required: ["from", "class"],
  additionalProperties: false,
  $defs: { place: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
};
const CALL = { calls: [{ name: "get_weather", input: { city: "Paris" } }] };

export const TOOL_CHOICE: readonly ConversationScenario[] = [
  {
    id: "choice-auto",
    feature: "tools",
    title: "the model may call",
    settings: { tools: BOTH, toolChoice: "auto" },
    turns: oneTurn("Hello", FINE),
    check({ asked }) {
      has("upstream choice", asked(0).choice, { mode: "auto", names: undefined });
      same("upstream tools", names(asked(0).tools), ["get_weather", "get_time"]);
    },
  },
  {
    id: "choice-none",
    feature: "tools",
    title: "the model must not call",
    settings: { tools: BOTH, toolChoice: "none" },
    turns: oneTurn("Hello", FINE),
    check({ asked }) {
      const { choice, tools } = asked(0);
      holds("upstream choice", choice.mode === "none" || tools.length === 0, `tools may be called: ${choice.mode}`);
    },
  },
  {
    id: "choice-required",
    feature: "tools",
    title: "the model must call something",
    settings: { tools: BOTH, toolChoice: "required" },
    turns: oneTurn("Hello", CALL),
    check({ asked, told }) {
      same("upstream choice", asked(0).choice.mode, "required");
      same("number of calls", callsOf(told(0)).length, 1);
    },
  },
  {
    id: "choice-named",
    feature: "tools",
    title: "the model must call this tool",
    settings: { tools: BOTH, toolChoice: { tool: "get_weather" } },
    turns: oneTurn("Hello", CALL),
    check({ asked, told }) {
      has("upstream choice", asked(0).choice, { mode: "required", names: ["get_weather"] });
      same("call", callsOf(told(0))[0]?.name, "get_weather");
    },
  },
  {
    id: "choice-subset",
    feature: "tools",
    title: "the model must call one of these tools",
    settings: {
      tools: [...BOTH, { name: "delete_all", schema: { type: "object", properties: {} } }],
      toolChoice: { anyOf: ["get_weather", "get_time"] },
    },
    excuse: ({ client, upstream }) =>
      client === "anthropic" || upstream === "anthropic" ? "Messages has no choice among several tools" : undefined,
    turns: oneTurn("Hello", CALL),
    check({ asked }) {
      has("upstream choice", asked(0).choice, { mode: "required", names: ["get_weather", "get_time"] });
    },
  },
  {
    id: "parallel-off",
    feature: "tools",
    title: "one call at a time",
    settings: { tools: BOTH, parallelCalls: false },
    excuse: ({ client, upstream }) =>
      client === "gemini" || upstream === "gemini" ? "generateContent cannot forbid parallel calls" : undefined,
    turns: oneTurn("Hello", CALL),
    check({ asked }) {
      same("upstream permission of parallel calls", asked(0).parallel, false);
    },
  },
  {
    id: "many-tools",
    feature: "tools",
    title: "forty tools arrive complete and in order",
    settings: {
      tools: Array.from({ length: 40 }, (_, index) => ({
        name: `tool_${(index * 7) % 40}`,
        description: `Does thing ${index}.`,
        schema: { type: "object", properties: { n: { type: "integer", description: `number ${index}` } }, required: ["n"] },
      })),
    },
    turns: oneTurn("Hello", FINE),
    check({ asked }) {
      const wanted = Array.from({ length: 40 }, (_, index) => ({ name: `tool_${(index * 7) % 40}`, description: `Does thing ${index}.` }));
      has("upstream tools", asked(0).tools, wanted);
    },
  },
  {
    id: "long-tool-names",
    feature: "tools",
    title: "names that another protocol has no room for come back as they were",
    settings: { tools: [{ name: LONG, schema: { type: "object", properties: {} } }], toolChoice: "required" },
    excuse: ({ client }) => (isOpenAi(client) ? "names of this client's own protocol are short enough for every other" : undefined),
    // Whatever the gateway calls it, the simulator's own answer calls the tool that it was shown.
    turns: () => [
      { says: "List the things.", answer: {} },
      { says: { results: [{ call: 0, content: "ok" }] }, answer: FINE },
    ],
    check({ asked, told, upstream }) {
      same("call", callsOf(told(0))[0]?.name, LONG);
      const [call] = callsIn(asked(1));
      same("upstream call", call?.name, asked(1).tools[0]?.name);
      if (isOpenAi(upstream)) holds("upstream name", (call?.name ?? "").length <= 64, `is longer than 64: ${call?.name}`);
    },
  },
  {
    id: "rich-schema",
    feature: "tools",
    title: "references, alternatives, enumerations and nullable fields of a schema keep their meaning",
    settings: { tools: [{ name: "book", description: "Books a trip.", schema: RICH }] },
    turns: oneTurn("Book it.", { calls: [{ name: "book", input: { from: { city: "Paris" }, class: "first", seat: null } }] }),
    check({ asked, told }) {
      const schema = JSON.stringify(asked(0).tools[0]?.schema);
      for (const word of ["from", "city", "class", "first", "second", "seat", "Where it starts", "aisle"])
        contains("upstream schema", schema, word);
      has("call", callsOf(told(0)), [{ name: "book", input: { from: { city: "Paris" }, class: "first", seat: null } }]);
    },
  },
];

function names(tools: readonly { readonly name: string }[]): string[] {
  return tools.map(({ name }) => name);
}
