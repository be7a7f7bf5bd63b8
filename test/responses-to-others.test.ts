/** What Responses clients alone can say, and what becomes of it with other vendors; every request of real ones at all of them. */
import { describe, expect, test } from "vitest";
import type { ChatRequest } from "../src/chat/chat.ts";
import type { JsonObject } from "../src/chat/json.ts";
import { LossLedger, type Loss } from "../src/chat/loss.ts";
import { loadCaptures, type Capture } from "./support/captures.ts";
import { send as sendToChat } from "./support/chat-upstream.ts";
import { send as sendToGemini } from "./support/gemini.ts";
import { claude, encodeTarget, upstream } from "./support/messages.ts";
import { decodeResponses } from "./support/responses-client.ts";

interface Sent {
  readonly text: string;
  readonly body: JsonObject;
  readonly losses: readonly Loss[];
}

function sendToClaude(request: ChatRequest): Sent {
  const ledger = new LossLedger();
  const { body } = upstream.encodeRequest(request, encodeTarget({ losses: ledger, ...claude("claude-sonnet-5") }));
  return { text: body, body: JSON.parse(body) as JsonObject, losses: ledger.losses };
}

const TARGETS: Readonly<Record<string, (request: ChatRequest) => Sent>> = {
  Claude: sendToClaude,
  Gemini: (request) => sendToGemini(request, "gemini-3.8-pro") as unknown as Sent,
  "OpenAI's Chat": (request) => sendToChat(request),
  "another Chat server": (request) => sendToChat(request, { dialect: null }),
};
const targets = Object.entries(TARGETS);

// What is named by its id is put in its place before a request is read.
const captures = loadCaptures().filter(({ path, body }) => path === "/v1/responses" && !JSON.stringify(body).includes('"item_reference"'));
const named = (name: string): ChatRequest => decodeResponses((captures.find((capture) => capture.name === name) as Capture).body);

/** Names of what can be called, in order. */
function offered({ body }: Sent): unknown[] {
  const tools = (body["tools"] ?? []) as JsonObject[];
  return tools.flatMap((tool) => {
    const declared = (tool["functionDeclarations"] ?? [tool["function"] ?? tool["custom"] ?? tool]) as JsonObject[];
    return declared.map(({ name }) => name);
  });
}

const told = (losses: readonly Loss[], ...severities: Loss["severity"][]): string[] =>
  losses.flatMap(({ code, path, severity }) => (severities.includes(severity) ? [`${code} ${path} ${severity}`] : []));

describe.each(targets)("to %s", (_name, send) => {
  test("there are some", () => expect(captures.length).toBeGreaterThan(25));

  test.for(captures)("rules 66–70, 225, 367–370, 416–420: $name", ({ body }) => {
    const { text, losses, ...sent } = send(decodeResponses(body));
    expect(told(losses, "contract")).toEqual([]);
    for (const name of offered({ text, losses, ...sent })) expect(name ?? "").toMatch(/^[\w-]{0,64}$/);
    // Neither what proves OpenAI's reasoning nor what Codex adds to its requests.
    for (const [proof] of JSON.stringify(body).matchAll(/(?<="encrypted_content":")[^"]+/g)) expect(text).not.toContain(proof);
    expect(text).not.toMatch(/"encrypted_content"|"client_metadata"|"additional_tools"|"namespace"|"internal_chat_message|"phase"/);
    const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
    const calls = count(/"type":"tool_use"|"functionCall":|"arguments":"|"custom":\{"name":"\w+","input"/g);
    expect(count(/"type":"tool_result"|"role":"tool"|"functionResponse":/g)).toBe(calls);
  });

  test("rules 66 and 438: a free-text tool is a function of one text, its history too", () => {
    const sent = send(named("codex/tool-apply-patch/04"));
    expect(offered(sent)).toContain("apply_patch");
    expect(sent.text).toContain("*** Begin Patch");
    expect(sent.text).toContain("Success. Updated the following files:");
    const wrapped = /"input":\{"input":"\*\*\* Begin|"args":\{"input":"\*\*\* Begin|\{\\"input\\":\\"\*\*\* Begin/;
    const isFree = sent.text.includes('"type":"custom"');
    expect(wrapped.test(sent.text)).toBe(!isFree);
  });

  test("rules 68, 69, 367: tools of namespaces and of items can be called under names of one piece", () => {
    const [first, later] = ["codex/model-gpt-6.1-sol/02", "codex/model-gpt-6.1-sol/05"].map((name) => send(named(name)));
    expect(offered(first as Sent)).toContain("functions__exec");
    expect(offered(later as Sent).slice(0, offered(first as Sent).length)).toEqual(offered(first as Sent));
    expect((later as Sent).text).toMatch(/"name":"functions__exec"/);
  });

  test("rules 408 and 417: what a search found is offered behind all else, where it was not before", () => {
    const searches = captures
      .filter(({ name }) => name.startsWith("codex/tool-toolsearch/"))
      .map(({ body }) => send(decodeResponses(body)));
    const names = searches.map((sent) => offered(sent).filter((name) => name !== undefined));
    const [before, after] = [names[0] ?? [], names.at(-1) ?? []];
    expect(before).toContain("tool_search");
    expect(after.length).toBeGreaterThan(before.length);
    expect(after.slice(0, before.length)).toEqual(before);
  });

  test("rule 418: a picture that a tool saw is shown", () => {
    expect(send(named("codex/tool-view-image/05")).text).toContain("iVBORw0KGgo");
  });

  test("rule 420: marks around a picture stay around it", () => {
    expect(send(named("codex/image-input/02")).text).toMatch(/<image name=.*iVBORw0KGgo.*<\/image>.*Say hi/);
  });

  test("rule 419: the form of an answer is asked for beside tools", () => {
    const { text, losses } = send(named("codex/output-schema/04"));
    expect(text).toMatch(/"json_schema"|"responseJsonSchema"/);
    expect(told(losses, "contract")).toEqual([]);
  });

  test("rule 70: names that a vendor does not take are legal there, and their calls too", () => {
    const name = "mcp__some.server__a-tool-with-a-very-long-name-that-nobody-would-want-to-have-to-write";
    const tools = [{ type: "function", name, parameters: {} }];
    const input = [
      { role: "user", content: "hi" },
      { type: "function_call", call_id: "a", name, arguments: "{}" },
      { type: "function_call_output", call_id: "a", output: "r" },
    ];
    const sent = send(decodeResponses({ tools, input }));
    const [wire] = offered(sent) as string[];
    expect(sent.text.match(new RegExp(`"name":"${wire}"`, "g"))?.length).toBeGreaterThan(1);
  });

  test("rule 51: calls of one id are told apart, those that nobody answered are answered", () => {
    const call = { type: "function_call", call_id: "same", name: "f", arguments: "{}" };
    const output = (text: string): object => ({ type: "function_call_output", call_id: "same", output: text });
    const { text, losses } = send(
      decodeResponses({
        input: [
          { role: "user", content: "hi" },
          call,
          output("one"),
          call,
          output("two"),
          { ...call, call_id: "lost" },
          { role: "user", content: "so?" },
        ],
      }),
    );
    expect(text).toMatch(/one.*two/);
    expect(losses.map(({ code }) => code)).toContain("missing-tool-result");
  });

  test.each(["computer", "computer_use_preview"])("rule 226: %s is refused to callers who insist on it", (type) => {
    expect(told(send(decodeResponses({ tools: [{ type }] })).losses, "contract")).toEqual(["client-tool tools[0] contract"]);
  });

  test.each(["local_shell", "shell", "apply_patch"])("rule 90: %s is a function that anyone can call", (type) => {
    const sent = send(decodeResponses({ tools: [{ type }] }));
    expect(offered(sent)).toEqual([type]);
    expect(told(sent.losses, "contract", "semantic")).toEqual([]);
  });

  test("a compaction that only OpenAI makes is refused", () => {
    const { losses } = send(decodeResponses({ input: [{ role: "user", content: "hi" }, { type: "compaction_trigger" }] }));
    expect(told(losses, "contract")).toEqual(["opaque-content input[1] contract"]);
  });
});

describe("rules 223 to 225: a search", () => {
  const search = {
    type: "web_search",
    filters: { allowed_domains: ["a.example"] },
    user_location: { type: "approximate", country: "DE" },
    search_context_size: "low",
    external_web_access: true,
  };
  const request = decodeResponses({ tools: [search] });

  test("is Claude's, with what it can be told", () => {
    const { body, losses } = sendToClaude(request);
    expect(body["tools"]).toMatchObject([
      {
        name: "web_search",
        type: expect.stringMatching(/^web_search_/) as string,
        allowed_domains: ["a.example"],
        user_location: { country: "DE" },
      },
    ]);
    expect(told(losses, "contract")).toEqual([]);
  });

  test("is Gemini's", () => {
    const { body, losses } = sendToGemini(request, "gemini-3.8-pro");
    expect(body.tools).toEqual([{ googleSearch: {} }]);
    expect(told(losses, "contract")).toEqual([]);
  });

  test("is refused where there is none and nothing else was asked for, and left out beside other tools", () => {
    expect(told(sendToChat(request).losses, "contract")).toEqual(["hosted-tool tools[0] contract"]);
    const both = decodeResponses({ tools: [search, { type: "function", name: "f", parameters: {} }] });
    expect(told(sendToChat(both).losses, "contract", "semantic")).toEqual(["hosted-tool tools[0] semantic"]);
  });

  test("that was made is told of, with what it found", () => {
    const made = {
      type: "web_search_call",
      id: "ws_1",
      status: "completed",
      action: { type: "search", query: "weather", sources: [{ type: "url", url: "https://a.example/w" }] },
    };
    const history = decodeResponses({
      tools: [search],
      input: [{ role: "user", content: "hi" }, made, { role: "assistant", content: "Sun." }, { role: "user", content: "ok" }],
    });
    for (const [, send] of targets) expect(send(history).text).toMatch(/weather.*https:\/\/a\.example\/w/);
  });
});

test("rule 225: code that the provider runs is Claude's and Gemini's to run as well", () => {
  const request = decodeResponses({ tools: [{ type: "code_interpreter", container: { type: "auto" } }] });
  expect(sendToClaude(request).text).toMatch(/"type":"code_execution_\d+"/);
  expect(sendToGemini(request, "gemini-3.8-pro").body.tools).toEqual([{ codeExecution: {} }]);
  expect(told(sendToChat(request).losses, "contract")).toEqual(["hosted-tool tools[0] contract"]);
});

test("rules 356 and 408: tools that wait to be searched for wait at Claude too", () => {
  const tools = [{ type: "function", name: "f", parameters: { type: "object" }, defer_loading: true }, { type: "tool_search" }];
  const { body } = sendToClaude(decodeResponses({ tools }));
  expect(body["tools"]).toMatchObject([
    { name: "f", defer_loading: true },
    { type: expect.stringMatching(/^tool_search_tool_/) as string },
  ]);
});
