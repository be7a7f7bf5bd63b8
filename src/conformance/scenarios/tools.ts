/** Calls of tools: which, with what, in what order, and that results find their way back. */
import { has, holds, same } from "../check.ts";
import { callsOf, textOf, type Outcome } from "../conversation.ts";
import { callsIn, resultsByCall, resultsIn, textsIn } from "../look.ts";
import { isOpenAi, onlyFor, type ConversationScenario } from "../scenario.ts";
import { CLOCK, WEATHER } from "./fixtures.ts";

const PARIS = { name: "get_weather", input: { city: "Paris" } };
const ROME = { name: "get_weather", input: { city: "Rome" } };

const RECORD = {
  id: 7,
  price: -0.25,
  big: 9_007_199_254_740_991,
  tiny: 1e-7,
  flags: [true, false, null],
  deep: { a: [{ b: { c: ["x", { d: "" }] } }] },
  text: 'quote " backslash \\ newline \n tab \t unicode ü 世 👍 slash / </script>',
  empty: {},
  none: [],
  long: "0123456789".repeat(300),
};
const EXACT = '{"account": 12345678901234567890, "rate": 1.0}';

/** Calls without their ids. */
function called(outcome: Outcome): { name: string; input: unknown }[] {
  return callsOf(outcome).map(({ name, input }) => ({ name, input }));
}

export const TOOLS: readonly ConversationScenario[] = [
  {
    id: "one-tool",
    feature: "tools",
    title: "a call, its result, and the answer to it",
    settings: { tools: [WEATHER] },
    turns: () => [
      { says: "Weather in Paris?", answer: { calls: [PARIS] } },
      { says: { results: [{ call: 0, content: "21 degrees" }] }, answer: { text: "It is 21 degrees." } },
    ],
    check({ asked, told }) {
      has("upstream tools", asked(0).tools, [{ name: "get_weather", description: WEATHER.description, schema: WEATHER.schema }]);
      has("first answer", told(0), { finish: "calls" });
      same("calls", called(told(0)), [PARIS]);
      has(
        "upstream calls",
        callsIn(asked(1)).map(({ name, arguments: text }) => ({ name, input: JSON.parse(text) as unknown })),
        [PARIS],
      );
      same("upstream results", resultsByCall(asked(1)), ["21 degrees"]);
      has("last answer", told(1), { finish: "stop", content: [{ type: "text", text: "It is 21 degrees." }] });
    },
  },
  {
    id: "parallel-tools",
    feature: "tools",
    title: "two calls at once keep their order and their own results",
    settings: { tools: [WEATHER, CLOCK] },
    turns: () => [
      { says: "Weather in Paris and Rome, and the time?", answer: { calls: [PARIS, ROME, { name: "get_time", input: {} }] } },
      {
        says: {
          results: [
            { call: 0, content: "21 degrees" },
            { call: 1, content: "30 degrees" },
            { call: 2, content: "noon" },
          ],
        },
        answer: { text: "Done." },
      },
    ],
    check({ asked, told, client }) {
      same("calls", called(told(0)), [PARIS, ROME, { name: "get_time", input: {} }]);
      const ids = callsOf(told(0)).map(({ id }) => id);
      if (client !== "gemini") holds("ids of the calls", new Set(ids).size === 3 && !ids.includes(""), `not distinct: ${ids.join(", ")}`);
      same(
        "upstream calls",
        callsIn(asked(1)).map(({ name, arguments: text }) => ({ name, input: JSON.parse(text) as unknown })),
        [PARIS, ROME, { name: "get_time", input: {} }],
      );
      same("upstream results", resultsByCall(asked(1)), ["21 degrees", "30 degrees", "noon"]);
      same("last answer", textOf(told(1)), "Done.");
    },
  },
  {
    id: "calls-of-one-kind",
    feature: "tools",
    title: "the same call twice at once is two calls",
    settings: { tools: [CLOCK] },
    turns: () => [
      {
        says: "Ask the time twice.",
        answer: {
          calls: [
            { name: "get_time", input: {} },
            { name: "get_time", input: {} },
          ],
        },
      },
      {
        says: {
          results: [
            { call: 0, content: "noon" },
            { call: 1, content: "a moment past noon" },
          ],
        },
        answer: { text: "Noon." },
      },
    ],
    check({ asked, told }) {
      same("calls", called(told(0)), [
        { name: "get_time", input: {} },
        { name: "get_time", input: {} },
      ]);
      same("upstream results", resultsByCall(asked(1)), ["noon", "a moment past noon"]);
    },
  },
  {
    id: "three-rounds",
    feature: "tools",
    title: "calls over three rounds",
    settings: { tools: [WEATHER] },
    turns: () => [
      { says: "Compare Paris, Rome and Oslo one by one.", answer: { calls: [PARIS] } },
      { says: { results: [{ call: 0, content: "21" }] }, answer: { text: "Next Rome.", calls: [ROME] } },
      {
        says: { results: [{ call: 0, content: "30" }] },
        answer: { calls: [{ name: "get_weather", input: { city: "Oslo" } }] },
      },
      { says: { results: [{ call: 0, content: "9" }] }, answer: { text: "Rome is warmest." } },
    ],
    check({ asked, told }) {
      same(
        "upstream calls",
        callsIn(asked(3)).map(({ arguments: text }) => JSON.parse(text) as unknown),
        [{ city: "Paris" }, { city: "Rome" }, { city: "Oslo" }],
      );
      same("upstream results", resultsByCall(asked(3)), ["21", "30", "9"]);
      same("words between", textOf(told(1)), "Next Rome.");
      same("last answer", textOf(told(3)), "Rome is warmest.");
    },
  },
  {
    id: "no-arguments",
    feature: "tools",
    title: "a tool that takes nothing",
    settings: { tools: [CLOCK] },
    turns: () => [
      { says: "What time is it?", answer: { calls: [{ name: "get_time", input: {} }] } },
      { says: { results: [{ call: 0, content: "noon" }] }, answer: { text: "Noon." } },
    ],
    check({ asked, told }) {
      same("calls", called(told(0)), [{ name: "get_time", input: {} }]);
      same(
        "upstream arguments",
        callsIn(asked(1)).map(({ arguments: text }) => JSON.parse(text) as unknown),
        [{}],
      );
      has("upstream tool", asked(0).tools[0], { name: "get_time" });
    },
  },
  {
    id: "nested-arguments",
    feature: "tools",
    title: "nested, numeric, escaped and large arguments arrive as they were made",
    settings: { tools: [{ name: "store", schema: { type: "object", properties: { record: { type: "object" } }, required: ["record"] } }] },
    turns: () => [
      { says: "Store it.", answer: { blocks: [{ type: "call", name: "store", input: RECORD, sizes: [7, 1, 40] }] } },
      { says: { results: [{ call: 0, content: "stored" }] }, answer: { text: "Stored." } },
    ],
    check({ asked, told }) {
      same("calls", called(told(0)), [{ name: "store", input: RECORD }]);
      same(
        "upstream arguments",
        callsIn(asked(1)).map(({ arguments: text }) => JSON.parse(text) as unknown),
        [RECORD],
      );
    },
  },
  {
    id: "exact-numbers",
    feature: "tools",
    title: "arguments that a client keeps as text go back to the letter: big integers, 1.0",
    settings: { tools: [{ name: "pay", schema: { type: "object", properties: { account: { type: "integer" } } } }] },
    excuse: onlyFor(
      ({ client, upstream }) => isOpenAi(client) && isOpenAi(upstream),
      "one of the two has arguments as parsed JSON, which has no such numbers",
    ),
    turns: () => [
      { says: "Pay.", answer: { calls: [{ name: "pay", arguments: EXACT }] } },
      { says: { results: [{ call: 0, content: "paid" }] }, answer: { text: "Paid." } },
    ],
    check({ asked, told }) {
      same("text of the arguments", callsOf(told(0))[0]?.inputText, EXACT);
      same("text of the upstream arguments", callsIn(asked(1))[0]?.arguments, EXACT);
    },
  },
  {
    id: "tool-error",
    feature: "tools",
    title: "a result that says it failed",
    settings: { tools: [WEATHER] },
    excuse: ({ client }) => (isOpenAi(client) ? "OpenAI's protocols have no mark for failed results" : undefined),
    turns: () => [
      { says: "Weather in Paris?", answer: { calls: [PARIS] } },
      { says: { results: [{ call: 0, content: "station offline", failed: true }] }, answer: { text: "No data." } },
    ],
    check({ asked, told, upstream }) {
      const [result] = resultsIn(asked(1));
      holds("upstream result", result?.text.includes("station offline") ?? false, `says ${JSON.stringify(result?.text)}`);
      if (!isOpenAi(upstream)) same("mark of failure", result?.isError, true);
      // Without a mark, the text must tell.
      else holds("upstream result", /error/i.test(result?.text ?? ""), `does not say that it failed: ${JSON.stringify(result?.text)}`);
      same("answer", textOf(told(1)), "No data.");
    },
  },
  {
    id: "results-swapped",
    feature: "tools",
    title: "results in another order than their calls still belong to them",
    settings: { tools: [WEATHER] },
    turns: () => [
      { says: "Paris and Rome?", answer: { calls: [PARIS, ROME] } },
      {
        says: {
          results: [
            { call: 1, content: "Rome: 30" },
            { call: 0, content: "Paris: 21" },
          ],
        },
        answer: { text: "Done." },
      },
    ],
    check({ asked, told }) {
      same("upstream results", resultsByCall(asked(1)), ["Paris: 21", "Rome: 30"]);
      same("answer", textOf(told(1)), "Done.");
    },
  },
  {
    id: "result-and-words",
    feature: "tools",
    title: "words that come with the results stand after them",
    settings: { tools: [WEATHER] },
    turns: () => [
      { says: "Weather in Paris?", answer: { calls: [PARIS] } },
      { says: { results: [{ call: 0, content: "21" }], words: "In Fahrenheit, please." }, answer: { text: "70." } },
    ],
    check({ asked, told }) {
      same("upstream results", resultsByCall(asked(1)), ["21"]);
      same("upstream words", textsIn(asked(1), "user"), ["Weather in Paris?", "In Fahrenheit, please."]);
      same("answer", textOf(told(1)), "70.");
    },
  },
  {
    id: "interrupted-call",
    feature: "tools",
    title: "a call whose result never came does not block the conversation",
    settings: { tools: [WEATHER] },
    excuse: ({ client, upstream }) =>
      client === upstream ? "every vendor refuses a history like this, and relaying must not repair it" : undefined,
    turns: () => [
      { says: "Weather in Paris?", answer: { calls: [PARIS] } },
      { says: "Never mind, tell me a joke.", answer: { text: "Knock knock." } },
    ],
    check({ asked, told }) {
      same("number of upstream calls", callsIn(asked(1)).length, 1);
      same("number of upstream results", resultsIn(asked(1)).length, 1);
      same("upstream words", textsIn(asked(1), "user"), ["Weather in Paris?", "Never mind, tell me a joke."]);
      same("answer", textOf(told(1)), "Knock knock.");
    },
  },
  {
    id: "text-and-tool",
    feature: "tools",
    title: "words before a call in one answer",
    settings: { tools: [WEATHER] },
    turns: () => [
      { says: "Weather in Paris?", answer: { text: "Let me look.", calls: [PARIS] } },
      { says: { results: [{ call: 0, content: "21" }] }, answer: { text: "21." } },
    ],
    check({ asked, told }) {
      has("answer", told(0).content, [
        { type: "text", text: "Let me look." },
        { type: "call", ...PARIS },
      ]);
      same("finish", told(0).finish, "calls");
      same(
        "upstream words of the model",
        textsIn(asked(1), "assistant").filter((text) => text !== ""),
        ["Let me look."],
      );
      same("number of upstream calls", callsIn(asked(1)).length, 1);
    },
  },
  {
    id: "tool-then-text",
    feature: "tools",
    title: "words before and between calls stay in their places",
    settings: { tools: [WEATHER] },
    excuse: ({ client, upstream }) =>
      client === "chat" || upstream === "chat" ? "Chat Completions has no order between words and calls" : undefined,
    turns: () => [
      {
        says: "Paris and Rome?",
        answer: {
          blocks: [
            { type: "text", text: "First Paris:" },
            { type: "call", ...PARIS },
            { type: "text", text: "And Rome:" },
            { type: "call", ...ROME },
          ],
          end: "calls",
        },
      },
    ],
    check({ told }) {
      has("answer", told(0).content, [
        { type: "text", text: "First Paris:" },
        { type: "call", ...PARIS },
        { type: "text", text: "And Rome:" },
        { type: "call", ...ROME },
      ]);
    },
  },
  {
    id: "interleaved-fragments",
    feature: "tools",
    title: "fragments of parallel calls that come in turns are put together rightly",
    settings: { tools: [WEATHER] },
    excuse: ({ upstream }) => (isOpenAi(upstream) ? undefined : "only OpenAI's protocols can interleave calls"),
    turns: () => [
      {
        says: "Paris and Rome?",
        answer: {
          blocks: [
            { type: "call", ...PARIS, sizes: [3] },
            { type: "call", ...ROME, sizes: [3] },
          ],
          interleave: true,
        },
      },
    ],
    check({ told }) {
      same("calls", called(told(0)), [PARIS, ROME]);
    },
  },
  {
    id: "odd-call-ids",
    feature: "tools",
    title: "ids with characters that other protocols forbid come back as they were",
    settings: { tools: [WEATHER] },
    excuse: ({ upstream }) => (upstream === "anthropic" ? "Messages has no odd ids" : undefined),
    turns: () => [
      { says: "Weather in Paris?", answer: { calls: [{ ...PARIS, id: "call:1|a.b/c" }] } },
      { says: { results: [{ call: 0, content: "21" }] }, answer: { text: "21." } },
    ],
    check({ asked, told, client }) {
      const [call] = callsOf(told(0));
      if (client === "anthropic") holds("id", /^[\w-]+$/.test(call?.id ?? ""), `not one that Messages allows: ${call?.id}`);
      same("upstream id of the call", callsIn(asked(1))[0]?.id, "call:1|a.b/c");
      same("upstream id of the result", resultsIn(asked(1))[0]?.id, "call:1|a.b/c");
    },
  },
];
