/** What Claude Code sends, as it goes to Chat servers (rules 351–363, 406–414). */
import { describe, expect, test } from "vitest";
import { loadCaptures, type Capture } from "../../../test/support/captures.ts";
import { send, type SendOptions } from "../../../test/support/chat-upstream.ts";
import type { JsonObject } from "../../chat/json.ts";
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
const toolsOf = (body: JsonObject) => ((body["tools"] ?? []) as { function: JsonObject }[]).map((tool) => tool.function);
const targets: [string, SendOptions][] = [
  ["a GPT", { model: "gpt-6" }],
  ["a server of one's own", { model: "some-model", dialect: null }],
];

describe.for(targets)("to %s", ([, options]) => {
  test("there are some", () => expect(captures.length).toBeGreaterThan(20));

  test.for(captures)("rules 95, 173, 223, 351, 352, 409, 427 and 430: $name", (capture) => {
    const { text, body, losses } = translate(capture, options);
    // Rule 223: it must not seem to have searched. Rule 173: nor to have read a file it was never given.
    const asked = JSON.stringify(capture.body);
    const refused = asked.includes('"type":"web_search_') || (asked.includes('"type":"document"') && options.dialect === null);
    expect(losses.some(({ severity }) => severity === "contract")).toBe(refused);
    expect(text).not.toMatch(
      /"cache_control"|"defer_loading"|"\$schema"|"input_schema"|x-anthropic-billing-header|DeferredToolPlaceholder|"account_uuid/,
    );
    for (const { name } of toolsOf(body)) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    for (const [i, message] of body.messages.entries()) {
      const calls = (message["tool_calls"] ?? []) as { id: string }[];
      const answers = body.messages.slice(i + 1, i + 1 + calls.length);
      expect(new Set(answers.map((answer) => answer["tool_call_id"]))).toEqual(new Set(calls.map(({ id }) => id)));
    }
  });

  test.for([...new Set(captures.map(({ session }) => session))])("rules 4, 406, 407: what %s had sent does not change", (session) => {
    const main = captures.filter((capture) => capture.session === session).map((capture) => translate(capture, options).body.messages);
    for (const [i, messages] of main.entries()) {
      const later = main
        .slice(i + 1)
        .find((one) => JSON.stringify(one.slice(0, 2)) === JSON.stringify(messages.slice(0, 2)) && one.length > messages.length);
      if (later) expect(later.slice(0, messages.length)).toEqual(messages);
    }
  });
});

describe("single requests", () => {
  test("rule 408: loaded tools are appended in the order they were named", () => {
    const names = (name: string): unknown[] => toolsOf(translate(named(name)).body).map((tool) => tool["name"]);
    expect(names("tool-toolsearch/02")).toEqual([...names("tool-toolsearch/01"), "WebSearch", "WebFetch"]);
  });

  test("rule 410: a picture that was read follows its result", () => {
    expect(JSON.stringify(translate(named("tool-read-image/02")).body.messages)).toContain('"type":"image_url"');
  });

  test("rule 411: so does a PDF, as a file", () => {
    expect(JSON.stringify(translate(named("tool-read-pdf/02")).body.messages)).toContain('"type":"file"');
  });
});
