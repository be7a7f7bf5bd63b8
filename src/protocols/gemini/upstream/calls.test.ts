import { describe, expect, test } from "vitest";
import { decodeTexts, fold, frame, issuer, request, signed, stop } from "../../../../test/support/gemini.ts";
import type { ChatRequest } from "../../../chat/chat.ts";
import { collect } from "../../../chat/collect.ts";
import { parseJson, type JsonObject } from "../../../chat/json.ts";
import type { DecodeContext } from "../../protocol.ts";
import { wireName as wire } from "./names.ts";
import { decodeResponse } from "./stream.ts";

describe("function calls", () => {
  test("rule 63: parallel calls come one per frame and are distinct items", () => {
    const { items, finish } = fold([
      frame([{ functionCall: { id: "c1", name: "f", args: { a: 1 } }, thoughtSignature: "s1" }]),
      frame([{ functionCall: { id: "c2", name: "g", args: { b: 2 } } }]),
      frame([{ text: "" }], stop),
    ]);
    expect(items).toEqual([
      { type: "tool-call", id: "c1", kind: "function", name: "f", input: '{"a":1}', state: signed("s1") },
      { type: "tool-call", id: "c2", kind: "function", name: "g", input: '{"b":2}' },
    ]);
    expect(finish.reason).toBe("tool-calls");
  });

  test("rule 5: calls without an id get one that the answer and its place decide", () => {
    const call = { functionCall: { name: "f", args: { a: 1 } } };
    const ids = (context?: DecodeContext): string[] =>
      fold([frame([call, call], stop)], context).items.map((item) => (item.type === "tool-call" ? item.id : ""));
    const [first, second] = ids();
    expect(first).toMatch(/^call_[0-9a-f]{24}$/);
    expect(second).not.toBe(first);
    expect(ids()).toEqual([first, second]);
    const later: ChatRequest = { ...request, items: [{ type: "text", text: "x", turn: 0, path: "messages[0]" }] };
    expect(ids({ issuer, request: later })[0]).not.toBe(first);
  });

  test("rule 58: numbers of arguments keep their digits and their form", () => {
    const text =
      '{"candidates":[{"content":{"parts":[{"functionCall":{"id":"c","name":"f","args":{"n":9007199254740993,"x":1.0,"e":1e3}}}]},"finishReason":"STOP"}]}';
    const [call] = collect(decodeTexts([text])).items;
    expect(call).toMatchObject({ input: '{"n":9007199254740993,"x":1.0,"e":1e3}' });
    const [whole] = collect(decodeResponse(parseJson(text) as JsonObject, { issuer })).items;
    expect(whole).toMatchObject({ input: '{"n":9007199254740993,"x":1.0,"e":1e3}' });
  });

  test("the namespace that Gemini sometimes writes before a name is not part of it", () => {
    const tools = ["Bash", "default_api.real"].map((name) => ({ type: "function" as const, name, path: "", inputSchema: {} }));
    const called = ["default_api.Bash", "default_api:Bash", "default_api.real", "default_api.unknown"];
    const { items } = fold(
      [
        frame(
          called.map((name) => ({ functionCall: { name } })),
          stop,
        ),
      ],
      { issuer, request: { ...request, tools } },
    );
    expect(items.map((item) => (item.type === "tool-call" ? item.name : ""))).toEqual([
      "Bash",
      "Bash",
      "default_api.real",
      "default_api.unknown",
    ]);
  });

  test("rule 64: no args is an empty object", () => {
    expect(fold([frame([{ functionCall: { id: "c", name: "f" } }], stop)]).items).toMatchObject([{ input: "{}" }]);
  });

  test("rules 71 and 72: names come back as the caller wrote them", () => {
    const tools = [{ type: "function", name: "7 up", path: "tools[0]", inputSchema: {} }] as const;
    const { items } = fold([frame([{ functionCall: { name: wire("7 up"), args: {} } }], stop)], { issuer, request: { ...request, tools } });
    expect(items).toMatchObject([{ name: "7 up" }]);
  });

  test("rule 66: a free-text tool gets its text", () => {
    const tools = [{ type: "custom", name: "patch", path: "tools[0]" }] as const;
    const { items } = fold([frame([{ functionCall: { name: "patch", args: { input: 'a "b"\n' } } }], stop)], {
      issuer,
      request: { ...request, tools },
    });
    expect(items).toMatchObject([{ kind: "custom", input: 'a "b"\n' }]);
  });

  const piece = (part: object): object => frame([{ functionCall: part }]);

  test("rule 65: arguments in pieces are one call", () => {
    const { items, finish } = fold([
      frame([{ functionCall: { name: "f", willContinue: true }, thoughtSignature: "s1" }]),
      piece({ partialArgs: [{ jsonPath: "$.city", stringValue: "New ", willContinue: true }], willContinue: true }),
      piece({
        partialArgs: [
          { jsonPath: "$.city", stringValue: "York" },
          { jsonPath: "$.deep.list[0]['odd.key']", numberValue: 2.5 },
        ],
        willContinue: true,
      }),
      piece({
        partialArgs: [
          { jsonPath: "$.deep.list[1]", boolValue: true },
          { jsonPath: "$.none", nullValue: "NULL_VALUE" },
        ],
        willContinue: true,
      }),
      frame([{ functionCall: {} }], stop),
    ]);
    expect(items).toMatchObject([{ name: "f", state: signed("s1") }]);
    expect(JSON.parse((items[0] as { input: string }).input)).toEqual({
      city: "New York",
      deep: { list: [{ "odd.key": 2.5 }, true] },
      none: null,
    });
    expect(finish.reason).toBe("tool-calls");
  });

  test("oddity 43: the last piece may be missing", () => {
    const start = piece({ name: "f", partialArgs: [{ jsonPath: "$.a", stringValue: "x" }], willContinue: true });
    expect(fold([start, frame([], stop)]).items).toMatchObject([{ input: '{"a":"x"}' }]);
    expect(fold([start, frame([{ text: "then" }], stop)]).items).toMatchObject([{ input: '{"a":"x"}' }, { text: "then" }]);
    expect(fold([start, piece({ name: "g", args: {} }), frame([], stop)]).items).toMatchObject([{ name: "f" }, { name: "g" }]);
  });

  test("pieces with hostile paths change nothing else", () => {
    const { items } = fold([
      piece({
        name: "f",
        partialArgs: [
          { jsonPath: "$.__proto__.polluted", stringValue: "x" },
          { jsonPath: "$.list[4000000000]", stringValue: "y" },
          { jsonPath: "$.list.name", stringValue: "z" },
          { jsonPath: "no path", stringValue: "z" },
        ],
      }),
      frame([], stop),
    ]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect((items[0] as { input: string }).input).toBe('{"__proto__":{"polluted":"x"},"list":{"name":"z"}}');
  });

  test("oddity 42: a call that the provider answered itself waits for nobody", () => {
    const { items, finish } = fold([
      frame([{ functionCall: { name: "lookup", args: {} } }], stop),
      frame([{ functionResponse: { name: "lookup", response: { output: "42" } } }]),
      frame([{ text: "It is 42." }], stop),
    ]);
    expect(items).toMatchObject([{ type: "tool-call" }, { type: "hosted-tool-result", kind: "mcp", text: "42" }, { text: "It is 42." }]);
    expect((items[1] as { callId: string }).callId).toBe((items[0] as { id: string }).id);
    expect(finish.reason).toBe("stop");
  });
});
