import { expect, test } from "vitest";

import { brokenPrefixes } from "./prefix.ts";

const first = {
  systemInstruction: { parts: [{ text: "Be brief." }] },
  contents: [{ role: "user", parts: [{ text: "é 😀" }] }],
  tools: [{ functionDeclarations: [{ name: "one" }] }, { codeExecution: {} }],
};
const bytes = (...bodies: object[]) => bodies.map((body) => Buffer.from(JSON.stringify(body)));

test("a request that only adds at the end keeps the prefix", () => {
  const later = {
    ...first,
    contents: [...first.contents, { role: "model", parts: [] }],
    tools: [{ functionDeclarations: [{ name: "one" }] }, { codeExecution: {} }, { urlContext: {} }],
  };
  expect(brokenPrefixes(bytes(first, later, later))).toEqual([]);
});

test.each([
  { messages: [{ role: "system", content: "Be brief." }], tools: [{ type: "function", function: { name: "one" } }] },
  { system: [{ type: "text", text: "Be brief." }], messages: [{ role: "user", content: "Hi" }], tools: [{ name: "one" }] },
])("in a request of another protocol as well: $system", (body) => {
  const later = { ...body, messages: [...body.messages, { role: "assistant", content: "Hello" }], tools: [...body.tools, { name: "two" }] };
  expect(brokenPrefixes(bytes(body, later))).toEqual([]);
  expect(brokenPrefixes(bytes(later, body))).toEqual(["request 2, messages[1] is gone", "request 2, tools[1] is gone"]);
});

test("and in one of Responses, whose instructions stand before everything", () => {
  const body = { input: [{ role: "user", content: "Hi" }], tools: [{ type: "function", name: "one" }] };
  const later = { ...body, input: [...body.input, { type: "reasoning", summary: [] }] };
  expect(brokenPrefixes(bytes(body, later))).toEqual([]);
  expect(brokenPrefixes(bytes(later, { ...body, instructions: "Be brief." }))).toEqual([
    expect.stringMatching(/^request 2, instructions\[0\] changed/),
    "request 2, input[1] is gone",
  ]);
});

test.each([
  [
    "a changed turn",
    { ...first, contents: [{ role: "user", parts: [{ text: "é 😁" }] }] },
    /^request 2, contents\[0\] changed at character \d+: .*😀.* became .*😁/,
  ],
  ["a turn that is gone", { ...first, contents: [] }, /^request 2, contents\[0\] is gone$/],
  ["another system instruction", { ...first, systemInstruction: { parts: [] } }, /^request 2, systemInstruction\[0\] changed/],
  ["none", { ...first, systemInstruction: undefined }, /^request 2, systemInstruction\[0\] changed/],
  [
    "a tool put before the others",
    { ...first, tools: [{ functionDeclarations: [{ name: "zero" }, { name: "one" }] }] },
    /^request 2, tools\[0\] changed/,
  ],
  [
    "other bytes for the same value",
    { ...first, contents: [{ parts: [{ text: "é 😀" }], role: "user" }] },
    /^request 2, contents\[0\] changed/,
  ],
])("%s is told", (_what, later, expected) => {
  expect(brokenPrefixes(bytes(first, later))[0]).toMatch(expected);
});
