/** Tools of other kinds than functions: such as take free text, stand in groups, or come with the conversation. */
import { contains, has, holds, same } from "../check.ts";
import { callsOf, type FreeTextTool, type Outcome } from "../conversation.ts";
import { callsIn, resultsByCall, resultsIn } from "../look.ts";
import { isOpenAi, type ConversationScenario, type Pairing } from "../scenario.ts";
import type { Ask, CallPart } from "../../simulator/read-ask.ts";
import { CLOCK, WEATHER } from "./fixtures.ts";

const EDIT: FreeTextTool = { name: "edit_file", description: "Edits a file; takes lines to leave out and to put in." };
const EDITOR = { name: "open_file", description: "Opens a file.", schema: { type: "object", properties: { path: { type: "string" } } } };
const LINES = '--- a\\b "quoted"\n+++ Zwölf 世界 👍 {"not": [json\n\n\t\u2028end';
const PATCH = { type: "update_file", path: "a.txt", diff: "@@\n-one\n+zwölf 👍" };
const SEARCH = { type: "object", properties: { query: { type: "string" } }, required: ["query"] };

function responsesOnly({ client }: Pairing): string | undefined {
  return client === "responses" ? undefined : "only Responses has such tools";
}

/** Calls without their ids. */
function called(outcome: Outcome): object[] {
  return callsOf(outcome).map(({ name, namespace, input }) => ({ name, namespace, input }));
}

/** What a tool for free text was given: as it is, or as the one member of a function's arguments. */
function freeTextIn(call: CallPart | undefined): unknown {
  if (call === undefined || call.custom === true) return call?.arguments;
  return Object.values(JSON.parse(call.arguments) as object)[0];
}

/** How the upstream knows a tool. */
function shownAs({ tools }: Ask): string[] {
  return tools.map(({ namespace, name }) => (namespace === undefined ? name : `${namespace}.${name}`));
}

export const TOOL_KINDS: readonly ConversationScenario[] = [
  {
    id: "free-text-tool",
    feature: "tools",
    title: "a tool that takes free text is called with it to the letter",
    settings: { freeTextTools: [EDIT] },
    excuse: ({ client }) => (isOpenAi(client) ? undefined : "only OpenAI's protocols have tools that take free text"),
    turns: () => [
      {
        says: "Edit the file.",
        answer: { blocks: [{ type: "call", name: EDIT.name, arguments: LINES, custom: true, asOffered: true, sizes: [1, 7, 2] }] },
      },
      { says: { results: [{ call: 0, content: "edited" }] }, answer: { text: "It is edited." } },
    ],
    check({ asked, told }) {
      same("calls", called(told(0)), [{ name: EDIT.name, namespace: undefined, input: LINES }]);
      same("finish", told(0).finish, "calls");
      same("upstream input", freeTextIn(callsIn(asked(1))[0]), LINES);
      same("upstream results", resultsByCall(asked(1)), ["edited"]);
      has("last answer", told(1), { finish: "stop", content: [{ type: "text", text: "It is edited." }] });
    },
  },
  {
    id: "tools-in-groups",
    feature: "tools",
    title: "tools of one name in two groups are two tools",
    settings: {
      tools: [
        { name: "search", namespace: "crm", description: "Searches customers.", schema: SEARCH },
        CLOCK,
        { name: "search", namespace: "wiki", description: "Searches articles.", schema: SEARCH },
      ],
    },
    excuse: responsesOnly,
    turns: () => [
      {
        says: "Find Ada, the time, and the article on her.",
        answer: {
          calls: [
            { name: "search", namespace: "wiki", input: { query: "Ada" }, asOffered: true },
            { name: "get_time", input: {} },
            { name: "search", namespace: "crm", input: { query: "Ada" }, asOffered: true },
          ],
        },
      },
      {
        says: {
          results: [
            { call: 0, content: "an article" },
            { call: 1, content: "noon" },
            { call: 2, content: "a customer" },
          ],
        },
        answer: { text: "Found." },
      },
    ],
    check({ asked, told }) {
      same("calls", called(told(0)), [
        { name: "search", namespace: "wiki", input: { query: "Ada" } },
        { name: "get_time", namespace: undefined, input: {} },
        { name: "search", namespace: "crm", input: { query: "Ada" } },
      ]);
      const shown = shownAs(asked(0));
      holds("upstream tools", new Set(shown).size === 3, `not three: ${shown.join(", ")}`);
      const names = callsIn(asked(1)).map(({ namespace, name }) => (namespace === undefined ? name : `${namespace}.${name}`));
      holds("upstream calls", names.length === 3 && names.every((name) => shown.includes(name)), `are of ${names.join(", ")}`);
      same("upstream results", resultsByCall(asked(1)), ["an article", "noon", "a customer"]);
    },
  },
  {
    id: "tools-in-the-conversation",
    feature: "tools",
    title: "tools that the conversation brings, and not the request beside it, can be called",
    settings: { tools: [WEATHER, { ...CLOCK, namespace: "clocks" }], toolsInHistory: true },
    excuse: responsesOnly,
    turns: () => [
      {
        says: "Weather in Paris, and the time?",
        answer: {
          calls: [
            { name: "get_weather", input: { city: "Paris" }, asOffered: true },
            { name: "get_time", namespace: "clocks", input: {}, asOffered: true },
          ],
        },
      },
      {
        says: {
          results: [
            { call: 0, content: "21" },
            { call: 1, content: "noon" },
          ],
        },
        answer: { text: "21 at noon." },
      },
    ],
    check({ asked, told }) {
      has(
        "upstream tools",
        asked(0).tools.map(({ schema, description }) => ({ schema, description })),
        [WEATHER, CLOCK].map(({ schema, description }) => ({ schema, description })),
      );
      same("calls", called(told(0)), [
        { name: "get_weather", namespace: undefined, input: { city: "Paris" } },
        { name: "get_time", namespace: "clocks", input: {} },
      ]);
      same("upstream results", resultsByCall(asked(1)), ["21", "noon"]);
    },
  },
  {
    id: "vendor-tools",
    feature: "tools",
    title: "patches and commands in the vendor's own words, which the client applies and runs",
    settings: { vendorTools: ["apply_patch", "shell"] },
    excuse: responsesOnly,
    turns: () => [
      {
        says: "Edit the file, then list the folder.",
        answer: {
          calls: [
            { name: "apply_patch", input: PATCH, asOffered: true },
            { name: "shell", input: { commands: ["ls", 'echo "a b"'] }, asOffered: true },
          ],
        },
      },
      {
        says: {
          results: [
            { call: 0, content: "no such line", failed: true },
            { call: 1, content: "a.txt" },
          ],
        },
        answer: { text: "The patch did not apply." },
      },
    ],
    check({ asked, told, upstream }) {
      has("calls", called(told(0)), [
        { name: "apply_patch", input: PATCH },
        { name: "shell", input: { commands: ["ls", 'echo "a b"'] } },
      ]);
      same("finish", told(0).finish, "calls");
      same(
        "names of the upstream calls",
        callsIn(asked(1)).map(({ name }) => name),
        shownAs(asked(0)),
      );
      const [patched, listed] = resultsIn(asked(1));
      contains("first upstream result", patched?.text ?? "", "no such line");
      if (upstream === "chat") contains("first upstream result", patched?.text ?? "", "error");
      else same("mark of failure", patched?.isError, true);
      has("second upstream result", listed, { text: "a.txt", isError: false });
    },
  },
  {
    id: "tool-search",
    feature: "tools",
    title: "tools that a search of the client's finds can be called from then on, and not before",
    settings: {
      tools: [EDITOR],
      toolSearch: { description: "Finds tools.", schema: SEARCH, hidden: [CLOCK, WEATHER] },
    },
    excuse: ({ client }) => (client === "responses" || client === "anthropic" ? undefined : "this client's protocol has no such search"),
    turns: () => [
      {
        says: "Weather in Paris?",
        // The simulator's Gemini binds what it signs to the tools, and has no other place for one that is found.
        answer: { blocks: [{ type: "call", name: "tool_search", input: { query: "weather" }, signed: false }] },
      },
      {
        says: { results: [{ call: 0, content: [], found: ["get_weather"] }] },
        answer: { calls: [{ name: "get_weather", input: { city: "Paris" } }] },
      },
      { says: { results: [{ call: 0, content: "21" }] }, answer: { text: "21." } },
    ],
    check({ asked, told }) {
      has("search", called(told(0)), [{ name: "tool_search", input: { query: "weather" } }]);
      has("call", called(told(1)), [{ name: "get_weather", input: { city: "Paris" } }]);
      same("upstream tools before the search", ready(asked(0)), [EDITOR.name, "tool_search"]);
      holds("upstream tools after the search", shownAs(asked(1)).includes("get_weather"), `are ${shownAs(asked(1)).join(", ")}`);
      same("tools that were never found", ready(asked(2)).includes("get_time"), false);
      same("upstream results", resultsByCall(asked(2)).at(-1), "21");
      has("last answer", told(2), { finish: "stop", content: [{ type: "text", text: "21." }] });
    },
  },
];

/** The tools that may be called without a search. */
function ready({ tools }: Ask): string[] {
  return tools.flatMap(({ name, deferred }) => (deferred === true ? [] : [name]));
}
