/** What a newcomer can get wrong, and the field that each mistake is told of (dossier A.4.1, A.4.2). */
import { describe, expect, test } from "vitest";
import { client, sealer } from "../../../test/support/gemini-client.ts";
import { GatewayError } from "../../chat/error.ts";
import type { JsonObject, JsonValue } from "../../chat/json.ts";
import type { ClientRequest } from "../protocol.ts";

const contents = [{ role: "user", parts: [{ text: "hi" }] }];
const part = (value: JsonValue): JsonObject => ({ contents: [{ parts: [value] }] });
const config = (generationConfig: JsonObject): JsonObject => ({ contents, generationConfig });

function request(body: JsonObject, model = "m", query = ""): ClientRequest {
  const route = { operation: "generate" as const, model, stream: false };
  return { route, query: new URLSearchParams(query), headers: {}, body: Buffer.from(JSON.stringify(body)) };
}

/** The field and the words of the refusal. */
function refusal(refused: () => unknown): string {
  try {
    refused();
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError);
    const { kind, detail, message } = error as GatewayError;
    expect(kind).toBe("invalid-request");
    return `${detail.field}: ${message}`;
  }
  return "nothing was refused";
}

describe("bodies", () => {
  test.each<[string, JsonObject, RegExp]>([
    ["no contents", {}, /^contents: .*contents is not specified/],
    ["a text for contents", { contents: "hi" }, /^contents\[0\]: .*an object is expected/],
    ["a text beside the parts", { contents: [{ role: "user", text: "hi" }] }, /^contents\[0\]\.parts: .*must not be empty/],
    ["nothing but empty texts", part({ text: "" }), /^contents\[0\]\.parts: .*must not be empty/],
    ["another vendor's role", { contents: [{ role: "assistant", parts: [] }] }, /^contents\[0\]\.role: .*user, model/],
    ["a number for a text", part({ text: 3 }), /^contents\[0\]\.parts\[0\]\.text: .*a string is expected/],
    ["no bytes", part({ inlineData: { mimeType: "image/png" } }), /inlineData\.data: .*must not be empty/],
    ["a data URL for bytes", part({ inlineData: { data: "data:image/png;base64,AA==" } }), /inlineData\.data: .*without "data:/],
    ["an address with a slip", part({ fileData: { fileUri: "htps://a.example/b.png" } }), /fileData\.fileUri: .*https:\/\//],
    ["no address", part({ fileData: {} }), /fileData\.fileUri: .*https:\/\//],
    ["a result of nobody", part({ functionResponse: { response: {} } }), /functionResponse\.name: .*Name cannot be empty/],
    ["arguments as text", part({ functionCall: { name: "f", args: "{}" } }), /functionCall\.args: .*an object is expected/],
    ["a function outside of its list", { contents, tools: [{ name: "f" }] }, /^tools\[0\]: .*"name".*functionDeclarations/],
    ["a tool of another vendor's", { contents, tools: [{ type: "function", function: {} }] }, /^tools\[0\]: .*"type"/],
    ["a function without a name", { contents, tools: [{ functionDeclarations: [{ name: "" }] }] }, /\.name: .*must not be empty/],
    ["a negative limit", config({ maxOutputTokens: -1 }), /maxOutputTokens: .*positive/],
    ["a type that is none", config({ responseMimeType: "json" }), /responseMimeType: .*application\/json/],
    ["a schema for plain text", config({ responseMimeType: "text/plain", responseSchema: {} }), /responseMimeType: .*application\/json/],
    ["alternatives of nothing", config({ logprobs: 3 }), /logprobs: .*responseLogprobs/],
  ])("%s", (_name, body, expected) => {
    expect(refusal(() => client.decodeRequest(request(body), sealer))).toMatch(expected);
  });
});

describe("places", () => {
  test("a path without a model", () => {
    expect(refusal(() => client.peek(request({ contents }, "")))).toMatch(/^model: .*\{model\}:generateContent/);
  });

  test("an answer in a form that there is not", () => {
    expect(refusal(() => client.peek(request({ contents }, "m", "alt=xml")))).toMatch(/^alt: .*'json' and 'sse'/);
    expect(client.peek(request({ contents }, "m", "alt=json"))).toMatchObject({ model: "m" });
  });
});

test("rule 444: the session is what a client's headers say", () => {
  expect(client.peek({ ...request({ contents }), headers: { "x-session-id": "s1" } })).toMatchObject({ session: "s1" });
  expect(client.peek(request({ contents }))).not.toHaveProperty("session");
});

test("names that every object has are ordinary ones", () => {
  const names = ["__proto__", "constructor", "toString"];
  const properties = Object.fromEntries(names.map((name) => [name, { type: "STRING" }]));
  const declarations = names.map((name) => ({ name, parametersJsonSchema: { type: "object", properties } }));
  const media = { inlineData: { mimeType: "image/png", data: "AA==" }, mediaResolution: { level: "constructor" } };
  const calls = { toolCall: { toolType: "constructor", args: {} } };
  const decoded = client.decodeRequest(
    request({
      contents: [...contents, { role: "model", parts: [calls] }, { parts: [media] }],
      tools: [{ functionDeclarations: declarations }],
    }),
    sealer,
  );
  expect(decoded.tools.map(({ name }) => name)).toEqual(names);
  expect(decoded.tools.map((tool) => tool.type === "function" && Object.keys(tool.inputSchema["properties"] as object))).toEqual(
    names.map(() => names),
  );
  expect(decoded.items).toMatchObject([{ text: "hi" }, { kind: "other" }, { type: "media" }]);
  expect(decoded.items.at(-1)).not.toHaveProperty("detail");
});

test("settings have Google's names", () => {
  expect(client.settingNames?.get("n")).toBe("generationConfig.candidateCount");
});
