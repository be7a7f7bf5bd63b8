/** What Claude Code sends, as it goes to Responses servers (rules 351–363, 406–414). */
import { describe, expect, test } from "vitest";
import { loadCaptures, type Capture } from "../../../test/support/captures.ts";
import { send, type SendOptions } from "../../../test/support/responses-upstream.ts";
import { asString, type JsonObject } from "../../chat/json.ts";
import { createStateSealer } from "../../chat/state.ts";
import { anthropicMessages } from "../anthropic-messages/index.ts";

const { client } = anthropicMessages;
const sealer = createStateSealer([Buffer.alloc(32, 1)]);
const captures = loadCaptures().filter(
  ({ name, body, path }) => name.startsWith("claude-code/") && Array.isArray(body["messages"]) && !path.includes("count_tokens"),
);

function translate(capture: Capture | undefined, options?: SendOptions): ReturnType<typeof send> {
  const body = Buffer.from(JSON.stringify(capture?.body));
  return send(client.decodeRequest({ route: { operation: "generate" }, query: new URLSearchParams(), headers: {}, body }, sealer), options);
}

const named = (name: string): Capture | undefined => captures.find((capture) => capture.name === `claude-code/${name}`);
const targets: [string, SendOptions][] = [
  ["a GPT", { model: "gpt-6" }],
  ["one without search", { model: "gpt-4.1-nano" }],
  ["a server of one's own", { model: "some-model", dialect: null }],
];

describe.for(targets)("to %s", ([, options]) => {
  test("there are some", () => expect(captures.length).toBeGreaterThan(20));

  test.for(captures)("rules 89, 95, 118, 173, 223, 351, 352, 409, 427 and 430: $name", (capture) => {
    const { text, body, losses } = translate(capture, options);
    // Rule 223: it must not seem to have searched. Rule 173: nor to have read a file it was never given.
    const asked = JSON.stringify(capture.body);
    const isSearch = asked.includes('"type":"web_search_') && options.model !== "gpt-6";
    const refused = isSearch || (asked.includes('"type":"document"') && options.dialect === null);
    expect(losses.some(({ severity }) => severity === "contract")).toBe(refused);
    expect(text).not.toMatch(/"cache_control"|"\$schema"|"input_schema"|x-anthropic-billing-header|DeferredToolPlaceholder|"account_uuid/);
    for (const tool of body.tools ?? []) {
      if (tool["type"] !== "function") continue;
      expect(tool["name"]).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
      expect(tool["strict"]).toBe(false);
    }
    const ids = (type: string) => body.input.flatMap((item) => (item["type"] === type ? [asString(item["call_id"]) ?? ""] : []));
    expect(new Set(ids("function_call")).size).toBe(ids("function_call").length);
    expect(ids("function_call_output").toSorted()).toEqual(ids("function_call").toSorted());
  });

  test.for([...new Set(captures.map(({ session }) => session))])("rules 4, 406, 407: what %s had sent does not change", (session) => {
    const main = captures.filter((capture) => capture.session === session).map((capture) => translate(capture, options).body);
    for (const [i, { input, tools }] of main.entries()) {
      const later = main
        .slice(i + 1)
        .find((one) => JSON.stringify(one.input.slice(0, 2)) === JSON.stringify(input.slice(0, 2)) && one.input.length > input.length);
      if (!later) continue;
      expect(later.input.slice(0, input.length)).toEqual(input);
      // Rule 408: where items can bring tools, those before stay as they were.
      if (options.dialect !== null) expect(later.tools).toEqual(tools);
    }
  });
});

describe("single requests", () => {
  const inputOf = (name: string): readonly JsonObject[] => translate(named(name)).body.input;

  test("rules 356, 408: a tool that was loaded comes with an item, right behind what loaded it", () => {
    const input = inputOf("tool-toolsearch/02");
    const place = input.findIndex(({ type }) => type === "additional_tools");
    const loaded = ["WebSearch", "WebFetch"];
    expect(input[place - 1]).toMatchObject({
      type: "function_call_output",
      output: loaded.map((name) => ({ text: `Tool ${name} loaded.` })),
    });
    expect(input[place]).toMatchObject({ tools: loaded.map((name) => ({ type: "function", name })) });
    expect(inputOf("tool-toolsearch/01").some(({ type }) => type === "additional_tools")).toBe(false);
  });

  test("rules 410, 411: a picture or a PDF that was read stands in its result", () => {
    const shown = (name: string) => inputOf(name).filter(({ type }) => type === "function_call_output");
    expect(JSON.stringify(shown("tool-read-image/02"))).toContain('"type":"input_image"');
    expect(JSON.stringify(inputOf("tool-read-pdf/02"))).toContain('"type":"input_file"');
  });
});
